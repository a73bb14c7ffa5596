/** `bide migrate`: brings the schema of a store to this version, or says what that would take. */
import { defineCommand, type Invocation } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { OptionTable } from '../option.ts';
import { DATA_FOLDER } from '../service/data-folder.ts';
import { type DatabaseChoice, databaseOf, STORE_OPTIONS } from '../service/database-choice.ts';
import { requireUsableFolder } from '../service/writable-folder.ts';

const OPTIONS = {
  'dry-run': { kind: 'flag', help: 'only say what would be done' },
  data: { kind: 'text', value: 'FOLDER', help: `the data folder (${DATA_FOLDER})` },
  ...STORE_OPTIONS,
} as const satisfies OptionTable;

export const migrate = defineCommand({
  name: 'migrate',
  summary: 'bring the database to the schema of this version',
  description:
    '`bide serve` and `bide work` do this at their start too; on its own it fits into a deployment before them.',
  options: OPTIONS,
  examples: ['bide migrate --dry-run', 'bide migrate --database postgresql://bide@db/bide'],
  run: migrateStore,
});

async function migrateStore({ values, env, terminal }: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const store = await openNamed(values.data ?? DATA_FOLDER, databaseOf(values, env));
  try {
    const isDryRun = values['dry-run'];
    const report = await store.migrate({ dryRun: isDryRun });
    const differences = isDryRun ? [] : await store.inspect();
    if (values.json) terminal.line(JSON.stringify({ ...report, dryRun: isDryRun, differences }));
    else {
      for (const step of report.applied) terminal.line(`${isDryRun ? 'would apply' : 'applied'} ${step}`);
      const isCurrent = report.applied.length === 0;
      const change = isDryRun ? 'needs to go' : 'brought';
      terminal.line(
        isCurrent
          ? `schema version ${report.to}: up to date`
          : `schema ${change} from version ${report.from} to ${report.to}`,
      );
      for (const difference of differences) terminal.note(`bide: ${difference}`);
    }
    return differences.length === 0 ? EXIT.succeeded : EXIT.unsuccessful;
  } finally {
    await store.close();
  }
}

/** Without sessions, since nothing here needs one: it works through any pooler. A database leaves nothing on this machine. */
async function openNamed(dataFolder: string, database: DatabaseChoice | undefined) {
  if (database === undefined) requireUsableFolder(dataFolder);
  const { openChosenStore } = await import('../../app.ts');
  return openChosenStore(database === undefined ? { dataFolder } : { database: { ...database, notify: false } });
}
