/**
 * `npm run demo`: a server on a free port with an empty data folder, and real work on real data.
 *
 * One job of each kind (SQL, a program, an upstream API, a function, a remote worker), all waited for in one call; a job that is
 * cancelled while it runs, and one that succeeds at its second attempt. Every answer is checked against one that was worked out
 * another way. Ends with exit code 0 only if all of them hold.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AIRPORTS, MOVIES, WEATHER } from '../examples/demo/data.ts';
import { startUpstream } from '../examples/demo/upstream.ts';
import { type Client, createClient, type JobBody } from '../src/client/index.ts';
import { createBoard } from './demo/board.ts';
import {
  type Check,
  checkAirports,
  checkFlights,
  checkMonths,
  checkRatings,
  checkZipCodes,
  verdict,
} from './demo/checks.ts';
import { type TableRow, tableOf } from './demo/table.ts';
import { type DemoServer, startDemoServer } from './demo-server.ts';

/** Longest that the jobs together may take; they need some five seconds. */
const JOBS_MS_MAX = 45_000;
/** Runs for minutes unless it is cancelled. */
const ENDLESS_SQL = 'SELECT count(*) FROM flights a, flights b WHERE a.delay + b.delay = 12345';
const BUSIEST_SQL = 'SELECT origin, count(*), sum(delay) FROM flights GROUP BY origin ORDER BY count(*) DESC LIMIT 3';

interface Job {
  readonly title: string;
  readonly body: { readonly type: string; readonly input?: JobBody['result'] };
  readonly check: Check;
}

const JOBS: readonly Job[] = [
  { title: 'SQL', body: { type: 'flights', input: { query: BUSIEST_SQL } }, check: checkFlights },
  { title: 'program', body: { type: 'zip-codes' }, check: checkZipCodes },
  { title: 'upstream API', body: { type: 'wettest-months' }, check: checkMonths },
  { title: 'function', body: { type: 'farthest-airports', input: { file: AIRPORTS } }, check: checkAirports },
  { title: 'remote worker', body: { type: 'ratings', input: { file: MOVIES } }, check: checkRatings },
  {
    title: 'second attempt',
    body: { type: 'flaky', input: { answer: 42 } },
    check: (result) => verdict('right at attempt 2', result, { answer: 42, attempt: 2 }),
  },
];

process.exitCode = await demo();

async function demo(): Promise<number> {
  const startedAt = performance.now();
  const upstream = await startUpstream(WEATHER);
  const server = await startDemoServer({
    config: 'examples/demo/bide.config.ts',
    env: { DEMO_UPSTREAM: upstream.url },
  });
  const worker = startWorker(server);
  try {
    const rows = await run(server);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    const wrong = rows.filter(({ checked }) => !checked.startsWith('✔')).length;
    console.log(`\n${tableOf(rows)}\n`);
    console.log(`${rows.length - wrong} of ${rows.length} hold, in ${seconds} s.`);
    console.log(
      'Under each is the request, as curl would send it. This server ends here: `npm start` starts one that stays.',
    );
    return wrong === 0 ? 0 : 1;
  } catch (error) {
    console.error(error, `\n${server.log()}`);
    return 1;
  } finally {
    worker.kill();
    await server.close();
    upstream.server.closeAllConnections();
    upstream.server.close();
  }
}

async function run(server: DemoServer): Promise<readonly TableRow[]> {
  const client = createClient({ url: server.url, key: server.key });
  console.log(`Bide listens on ${server.url}; submitting ${JOBS.length} jobs.\n`);
  const board = createBoard(client, process.stdout);
  const submitted = await Promise.all(JOBS.map(({ body }) => client.submit(body)));
  for (const [index, { id }] of submitted.entries()) board.follow(JOBS[index]?.title ?? '', id);
  const ids = submitted.map(({ id }) => id);
  const waited = await client.waitMany(ids, { for: 'all', timeoutMs: JOBS_MS_MAX });
  if (waited.isSatisfied) await board.done();
  const rows = await Promise.all(JOBS.map((job, index) => rowOf(server, job, waited.jobs[index])));
  return [...rows, await waitedAtOnce(server, ids, waited.isSatisfied), await cancelled(server, client)];
}

async function rowOf(server: DemoServer, job: Job, done: { readonly state: string } | undefined): Promise<TableRow> {
  const base = { what: job.title, state: done?.state ?? 'missing', curl: curlSubmit(server, job.body) };
  if (done?.state !== 'succeeded') return { ...base, answer: '', checked: `✘ ${JSON.stringify(done)}` };
  const { answer, wrong } = await job.check((done as JobBody).result);
  return { ...base, answer, checked: wrong === null ? '✔' : `✘ ${wrong}` };
}

function waitedAtOnce(server: DemoServer, ids: readonly string[], isSatisfied: boolean): TableRow {
  const body = `{"ids":["${ids[0]}", …],"for":"all","timeout":30}`;
  return {
    what: 'wait for all',
    state: isSatisfied ? 'satisfied' : 'timed out',
    answer: `${ids.length} jobs in one call`,
    checked: isSatisfied ? '✔' : '✘',
    curl: `${curl()} ${server.url}/v1/jobs/wait -d '${body}'`,
  };
}

/** A query that would run for minutes, cancelled as soon as it runs. */
async function cancelled(server: DemoServer, client: Client): Promise<TableRow> {
  const { id } = await client.submit({ type: 'flights', input: { query: ENDLESS_SQL } });
  for await (const job of client.watch(id)) if (job.state === 'running') break;
  const askedAt = performance.now();
  await client.cancel(id);
  const { job } = await client.wait(id, { timeoutMs: JOBS_MS_MAX });
  const ms = Math.round(performance.now() - askedAt);
  return {
    what: 'cancel',
    state: job.state,
    answer: `a running query ended after ${ms} ms`,
    checked: job.state === 'cancelled' ? '✔' : '✘ expected cancelled',
    curl: `${curl()} -X POST ${server.url}/v1/jobs/${id}/cancel`,
  };
}

function curlSubmit(server: DemoServer, body: Job['body']): string {
  return `${curl()} ${server.url}/v1/jobs -d '${JSON.stringify(body)}'`;
}

function curl(): string {
  return `curl -H "Authorization: Bearer $BIDE_KEY" -H 'Content-Type: application/json'`;
}

/** In a process of its own, with nothing but the address and a key. */
function startWorker(server: DemoServer): ChildProcess {
  const file = fileURLToPath(new URL('../examples/demo/worker.mjs', import.meta.url));
  const env = { ...process.env, BIDE_URL: server.url, BIDE_KEY: server.key };
  return spawn(process.execPath, [file], { env, stdio: ['ignore', 'ignore', 'inherit'] });
}
