/**
 * Signals whose server is killed between a signal and the run that it brings: none that was answered is lost, and every job goes on with what it was told.
 *
 * The function runs in a handler thread and writes down, outside of the store, each time that it begins and what it got.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, ClientError, createClient } from '../../src/client/index.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';
import { until } from './postgres-callers.ts';

export const JOBS = Number(process.env.BIDE_JOBS ?? (process.env.BIDE_FAULTS === 'full' ? 300 : 20));

const CONFIG = `
import { appendFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
const write = (...words) => appendFileSync('ran.txt', words.join(' ') + '\\n');
const run = async ({ number }, { waitForSignal }) => {
  write('begin', number, isMainThread);
  const value = await waitForSignal('approval', { timeoutMs: 3_600_000 });
  write('got', number, value);
  return value;
};
export default {
  limits: { leaseMs: 2_000, sweepIntervalMs: 200 },
  types: { ask: { run, slots: 10, retry: { attempts: 100, backoffMs: 10 } } },
};
`;

export interface SignalScene {
  readonly folder: string;
  /** Of `bide serve`: where the database is. */
  readonly args: readonly string[];
}

/** Answers how many signals were answered before the second kill. */
export async function proveSignals({ folder, args }: SignalScene): Promise<number> {
  mkdirSync(folder);
  writeFileSync(join(folder, 'bide.config.mjs'), CONFIG);
  writeFileSync(join(folder, 'ran.txt'), '');
  const options = { data: join(folder, 'data'), cwd: folder, args: ['--config', 'bide.config.mjs', ...args] };
  const ids = await parkedAndKilled(options);
  const kept = await signalledAndKilled(options, ids);
  const answered = await killedBetweenAnswers(options, ids);
  await using server = await startServer(options);
  const client = clientOf(server);
  for (const [number, id] of ids.entries()) if (!answered.has(number)) await signalAgain(client, id, number);
  const { isSatisfied, jobs } = await client.waitMany(ids);
  assert.ok(isSatisfied && jobs.every(({ state }) => state === 'succeeded'));
  for (const [number, id] of ids.entries())
    assert.equal(Buffer.from((await client.result(id)).bytes).toString(), `"yes ${number}"`);
  const lines = readFileSync(join(folder, 'ran.txt'), 'utf8').split('\n').slice(0, -1);
  for (const number of ids.keys()) {
    assert.ok(lines.includes(`got ${number} yes ${number}`));
    assert.ok(
      lines.filter((line) => line === `begin ${number} false`).length >= 2,
      'began in a thread, before and after',
    );
  }
  assert.equal(lines.filter((line) => line.endsWith(' true')).length, 0, 'none ran beside the server');
  assert.equal(
    lines.filter((line) => line === `begin ${kept} false`).length,
    2,
    'a signalled job runs once more, and no more',
  );
  return answered.size;
}

type Options = Parameters<typeof startServer>[0];

async function parkedAndKilled(options: Options): Promise<readonly string[]> {
  await using server = await startServer(options);
  const client = clientOf(server);
  const bodies = Array.from({ length: JOBS }, (_, number) => ({ type: 'ask', input: { number } }));
  const ids = (await client.submitMany(bodies)).map(({ job }) => job?.id ?? '');
  await until('all are parked', () => areParked(client, ids));
  await server.end('SIGKILL');
  return ids;
}

/** The first one: told of its signal, and killed with the signal stored and nobody who may run it. */
async function signalledAndKilled(options: Options, ids: readonly string[]): Promise<number> {
  {
    await using server = await startServer(options);
    const client = clientOf(server);
    assert.ok(await areParked(client, ids), 'all are parked still');
    await client.pauseType('ask');
    await signal(client, ids[0] ?? '', 0);
    const job = await client.get(ids[0] ?? '');
    assert.deepEqual([job.state, job.waitingFor], ['queued', { type: 'ask', reason: 'paused' }]);
    await server.end('SIGKILL');
  }
  await using server = await startServer(options);
  const client = clientOf(server);
  assert.equal((await client.get(ids[0] ?? '')).state, 'queued');
  await client.resumeType('ask');
  assert.equal((await client.wait(ids[0] ?? '')).job.state, 'succeeded');
  assert.ok(await areParked(client, ids.slice(1)), 'nobody told the others');
  await server.end('SIGKILL');
  return 0;
}

/** All others at once; killed when half of them were answered. */
async function killedBetweenAnswers(options: Options, ids: readonly string[]): Promise<ReadonlySet<number>> {
  await using server = await startServer(options);
  const answered = new Set([0]);
  const client = clientOf(server);
  const killed = Promise.withResolvers<unknown>();
  const calls = ids.map(async (id, number) => {
    if (number === 0) return;
    await signal(client, id, number).then(
      () => answered.add(number),
      () => {},
    );
    if (answered.size >= JOBS / 2) killed.resolve(server.end('SIGKILL'));
  });
  await killed.promise;
  await Promise.all(calls);
  return answered;
}

function clientOf({ url, key }: ServerProcess): Client {
  return createClient({ url, key, triesMax: 1 });
}

function signal(client: Client, id: string, number: number): Promise<unknown> {
  return client.signal(id, 'approval', `yes ${number}`);
}

/** Of whoever had no answer: the same signal once more changes nothing, and a job that it has ended meanwhile says so. */
async function signalAgain(client: Client, id: string, number: number): Promise<void> {
  await signal(client, id, number).catch((error: unknown) => {
    assert.ok(error instanceof ClientError && error.code === 'WRONG_STATE', String(error));
  });
}

async function areParked(client: Client, ids: readonly string[]): Promise<boolean> {
  const jobs = await Promise.all(ids.map((id) => client.get(id)));
  return jobs.every(({ waitingFor }) => waitingFor !== undefined && 'signal' in waitingFor);
}
