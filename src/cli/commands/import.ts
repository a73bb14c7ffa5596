/** `bide import`: puts an archive of `bide export` into a store. */
import type { ImportTally } from '../../app.ts';
import { BideError } from '../../core/errors.ts';
import { archiveChunks } from '../archive-file.ts';
import { defineCommand, type Invocation } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { OptionTable } from '../option.ts';
import { STORE_CHOICE_OPTIONS, storeChoiceOf } from '../service/store-choice.ts';
import { requireUsableFolder } from '../service/writable-folder.ts';
import { countsText, type TransferDisplay, transferDisplay } from '../terminal/transfer-display.ts';
import { usageError } from '../usage-error.ts';

const OPTIONS = {
  continue: {
    kind: 'flag',
    help: 'the store has jobs already: pass over what is there, as after an import that was interrupted',
  },
  ...STORE_CHOICE_OPTIONS,
} as const satisfies OptionTable;

const GOING_ON = 'The same import with --continue goes on from there.';

type ImportInvocation = Invocation<typeof OPTIONS>;

export const importCommand = defineCommand({
  name: 'import',
  summary: 'put an archive of `bide export` into a store',
  description:
    'Reads stdin unless a file is named (unzipped where it ends in .gz). The store is brought to the schema of this version, and must never have had a job ' +
    'unless --continue is given. Ids, numbers, keys, results and tombstones stay as they are; nothing is announced to callbacks ' +
    'a second time. The first record that something else is in the way of ends the import.',
  arguments: { usage: '[FILE]', min: 0, max: 1 },
  options: OPTIONS,
  examples: [
    'bide import bide.ndjson.gz --database postgresql://bide@db/bide',
    'bide export --data ./bide-data | bide import --database postgresql://bide@db/bide',
    'bide import bide.ndjson --continue',
  ],
  run: importIntoStore,
});

async function importIntoStore(invocation: ImportInvocation): Promise<ExitCode> {
  const { values, terminal, onSignal } = invocation;
  const interrupted = new AbortController();
  const release = onSignal(() => interrupted.abort());
  const display = transferDisplay(terminal, 'imported');
  const progress = { tally: null as ImportTally | null };
  try {
    const tally = await run(invocation, { display, progress, signal: interrupted.signal });
    display.end();
    const passed = countsText(tally.present);
    terminal.note(`imported ${countsText(tally.written)}${passed === 'nothing' ? '' : `; there already: ${passed}`}`);
    if (values.json) terminal.line(JSON.stringify({ imported: tally.written, present: tally.present }));
    return EXIT.succeeded;
  } catch (error) {
    display.end();
    if (!interrupted.signal.aborted) throw withTally(error, progress.tally);
    terminal.note(`bide: Interrupted. ${storedSoFar(progress.tally)} ${GOING_ON}`);
    return EXIT.interrupted;
  } finally {
    release();
  }
}

interface Running {
  readonly display: TransferDisplay;
  readonly progress: { tally: ImportTally | null };
  readonly signal: AbortSignal;
}

async function run({ values, args, env, terminal }: ImportInvocation, running: Running): Promise<ImportTally> {
  const path = args[0] === '-' ? undefined : args[0];
  if (path === undefined && terminal.isInputTyped) {
    throw usageError('There is no archive on stdin: name a FILE, or pipe one in.');
  }
  const choice = storeChoiceOf(values, env);
  if ('dataFolder' in choice) requireUsableFolder(choice.dataFolder);
  const { importArchive, openArchive, openChosenStore } = await import('../../app.ts');
  await using opened = new AsyncDisposableStack();
  const chunks = archiveChunks(path, () => terminal.input, running.signal);
  // Whoever writes the archive learns that nobody reads on.
  opened.defer(async () => void (await chunks.return()));
  // Before the store is touched: what is no archive leaves it as it is.
  const archive = await openArchive(chunks);
  const store = await openChosenStore(choice, { isRestore: true });
  opened.defer(() => store.close());
  return await importArchive({
    store,
    archive,
    isContinued: values.continue,
    onTally(tally) {
      running.progress.tally = tally;
      running.display.show(tally.written);
      running.signal.throwIfAborted();
    },
  });
}

/** The same error, saying what it left behind. */
function withTally(error: unknown, tally: ImportTally | null): unknown {
  if (tally === null || !(error instanceof BideError)) return error;
  const details = { ...error.details, stored: tally.written };
  // Where something is in the way, going on would meet it again.
  const more = error.code === 'IMPORT_REFUSED' ? storedSoFar(tally) : `${storedSoFar(tally)} ${GOING_ON}`;
  return new BideError(error.code, `${error.message} ${more}`, details, { cause: error });
}

function storedSoFar(tally: ImportTally | null): string {
  return `Stored by then: ${tally === null ? 'nothing' : countsText(tally.written)}.`;
}
