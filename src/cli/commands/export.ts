/** `bide export`: everything that a store holds, as an archive that `bide import` takes. */
import { saveArchive, sendArchive } from '../archive-file.ts';
import { defineCommand, type Invocation } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { OptionTable } from '../option.ts';
import { STORE_CHOICE_OPTIONS, storeChoiceOf } from '../service/store-choice.ts';
import { countsText, transferDisplay } from '../terminal/transfer-display.ts';
import { usageError } from '../usage-error.ts';

const OPTIONS = {
  out: {
    kind: 'text',
    short: 'o',
    value: 'FILE',
    help: 'write to a new file in place of stdout; zipped where it ends in .gz',
  },
  ...STORE_CHOICE_OPTIONS,
} as const satisfies OptionTable;

export const exportCommand = defineCommand({
  name: 'export',
  summary: 'write everything that a store holds to an archive',
  description:
    'As of one moment: jobs with inputs and results, API keys (as hashes), documents and tombstones, one JSON document per line. A data ' +
    'folder must not be in use; PostgreSQL may be, but what changes after the first moment is not in the archive. The admin key ' +
    'file, uploads and the config are not in the store, and so not in the archive.',
  options: OPTIONS,
  examples: [
    'bide export --out bide.ndjson.gz',
    'bide export --data ./bide-data | bide import --database postgresql://bide@db/bide',
  ],
  run: exportStore,
});

async function exportStore({ values, env, terminal, onSignal }: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const path = values.out === '-' ? undefined : values.out;
  if (path === undefined && terminal.isOutputLive) {
    throw usageError('An archive is nothing to read on a terminal: give --out FILE, or pipe it.');
  }
  const choice = storeChoiceOf(values, env);
  const { archiveOf, NO_RECORDS, openFilledStore } = await import('../../app.ts');
  const interrupted = new AbortController();
  const release = onSignal(() => interrupted.abort());
  const display = transferDisplay(terminal, 'exported');
  const store = await openFilledStore(choice);
  try {
    let counts = NO_RECORDS;
    const text = archiveOf(store, Date.now(), (more) => {
      counts = more;
      display.show(counts);
    });
    if (path === undefined) await sendArchive(text, terminal.output, interrupted.signal);
    else await saveArchive(text, path, interrupted.signal);
    display.end();
    // Stdout may be the archive itself.
    terminal.note(values.json ? JSON.stringify({ exported: counts }) : `exported ${countsText(counts)}`);
    return EXIT.succeeded;
  } catch (error) {
    display.end();
    if (!interrupted.signal.aborted) throw error;
    terminal.note('bide: Interrupted: the archive is not whole.');
    return EXIT.interrupted;
  } finally {
    release();
    await store.close();
  }
}
