/**
 * The full set of faults: file after file, so that none disturbs another, with a line for each scenario as soon as it has ended. The table
 * comes at the end, and also when the run is cut off by a signal or a deadline: what was played by then has been proven.
 */
import { type FileAccount, newAccount, noteIn, tableOf } from './fault-account.ts';
import { runTests, type Tested } from './node-test.ts';

/** The longest but for chains takes some four minutes. */
const FILE_MS_MAX = 10 * 60_000;
const TEST_MS_MAX = 8 * 60_000;
/** Chains of 10,000, whose steps wait for each other: a commit or two each, 11 minutes on a busy PostgreSQL. Each test of the file may take that long. */
const CHAIN_MS_MAX = 25 * 60_000;
const LONG_MS_MAX: Readonly<Record<string, number>> = {
  'test/faults/after.test.ts': CHAIN_MS_MAX,
  'test/faults/postgres-after.test.ts': CHAIN_MS_MAX,
};

export async function runFaults(files: readonly string[], env: Readonly<Record<string, string>>): Promise<Tested> {
  const accounts: FileAccount[] = [];
  let startedAt = performance.now();
  const printTable = () => {
    const last = accounts.at(-1);
    if (last?.isDone === false) last.ms = performance.now() - startedAt;
    console.log(`\n${tableOf(accounts, files.length)}`);
  };
  // A signal ends the process, see `step.ts`.
  process.once('exit', printTable);
  for (const [index, file] of files.entries()) {
    console.log(`${file} (${index + 1} of ${files.length})`);
    const account = newAccount(file);
    accounts.push(account);
    startedAt = performance.now();
    const { isOk, text } = await playOne(account, env);
    Object.assign(account, { isOk, isDone: true, ms: performance.now() - startedAt });
    if (!isOk) console.log(text);
  }
  process.off('exit', printTable);
  printTable();
  const failed = accounts.filter(({ isOk }) => !isOk).map(({ file }) => `✖ ${file}`);
  return { isOk: failed.length === 0 && files.length > 0, text: failed.join('\n') };
}

async function playOne(account: FileAccount, env: Readonly<Record<string, string>>): Promise<Tested> {
  const longMsMax = LONG_MS_MAX[account.file];
  return runTests({
    ...{ name: account.file, files: [account.file], env },
    ...{ deadlineMs: longMsMax ?? FILE_MS_MAX, testDeadlineMs: longMsMax ?? TEST_MS_MAX, concurrency: 1 },
    onEvent(event) {
      if (event.kind === 'note') {
        noteIn(account, event.message);
        console.log(`    ${event.message}`);
        return;
      }
      account.scenarios += 1;
      if (!event.isOk) account.failed += 1;
      console.log(`  ${event.isOk ? '✔' : '✖'} ${event.name} (${(event.ms / 1_000).toFixed(1)} s)`);
    },
  });
}
