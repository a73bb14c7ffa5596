/**
 * A node that is frozen (SIGSTOP) for longer than its leases, while another one takes over what it had, on a real PostgreSQL.
 *
 * Two sequences of two jobs. Of the first jobs, which the sleeper has, one goes on working when it wakes, and one has its result at once. The
 * second ones run at the other node by then. What a sleeper does before it knows that it slept cannot be prevented, only kept short: the
 * overlap is measured, and what the fence must refuse is refused.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Cluster, startCluster, told } from '../postgres/cluster.ts';
import type { BideProcess } from '../postgres/cluster-process.ts';
import { queryOnce, startTestServer, type TestServer } from '../postgres/server.ts';
import type { JobSeen } from './ledger.ts';
import { until } from './postgres-callers.ts';
import { appointWitness } from './postgres-witness.ts';

const LEASE_MS = 2_000;

/** Notes every 2 ms that it is alive: until it is told to stop, until `go` is there, or, in a hurry, at its first breath after a freeze. */
const CONFIG = `
import { appendFileSync, existsSync } from 'node:fs';
const note = (name, what) => appendFileSync('diary', [Date.now(), process.pid, name, what].join(' ') + '\\n');
export default {
  limits: { leaseMs: ${LEASE_MS}, sweepIntervalMs: 200, threads: 2 },
  types: {
    step: {
      slots: 5,
      retry: { attempts: 1 },
      async run({ name, isHasty }, { signal }) {
        note(name, 'begins');
        for (let seen = Date.now(); !existsSync('go'); seen = Date.now()) {
          await new Promise((resolve) => setTimeout(resolve, 2));
          if (signal.aborted) { note(name, 'is told'); return 'late'; }
          note(name, 'lives');
          if (isHasty && Date.now() - seen > ${LEASE_MS}) return 'hasty';
        }
        return name;
      },
    },
  },
};
`;

interface Entry {
  readonly at: number;
  readonly pid: number;
  readonly name: string;
  readonly what: string;
}

let server: TestServer;
let cluster: Cluster;
before(async () => {
  server = await startTestServer();
  cluster = await startCluster({ database: await server.createDatabase(), nodes: 1, workers: 1, config: CONFIG });
  await appointWitness(cluster.database);
});
after(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await server.end();
});

test('a node that wakes after its leases stops what others have taken over, and none of its outcomes counts', async (t) => {
  const [sleeper] = cluster.workers;
  assert.ok(sleeper !== undefined);
  const ids = { one: await submit('one'), hasty: await submit('hasty') };
  await until('the first jobs run', () => ['one', 'hasty'].every((name) => isNoted({ name, what: 'lives' })));
  const next = { afterOne: await submit('afterOne', 'one'), afterHasty: await submit('afterHasty', 'hasty') };
  await cluster.startWorker();
  sleeper.signal('SIGSTOP');
  const frozenAt = Date.now();
  await until('the next ones run', () => Object.keys(next).every((name) => isNoted({ name, what: 'lives' })));
  const wokenAt = Date.now();
  sleeper.signal('SIGCONT');
  await until('the sleeper is told', () => isNoted({ name: 'one', what: 'is told' }));
  await until('the sleeper drops both', () => lostOf(sleeper) === 2);
  writeFileSync(join(cluster.folder, 'go'), '');
  for (const [name, id] of Object.entries(next)) {
    const { state, attempt, result } = await jobOf(id);
    assert.deepEqual({ state, attempt, result }, { state: 'succeeded', attempt: 1, result: name });
  }
  for (const id of Object.values(ids)) {
    const { state, attempt, error } = await jobOf(id);
    assert.deepEqual({ state, attempt, code: error?.code }, { state: 'failed', attempt: 1, code: 'WORKER_LOST' });
  }
  assert.deepEqual(
    await queryOnce(cluster.database, 'SELECT id FROM public.outcomes GROUP BY id HAVING count(*) > 1'),
    [],
  );
  const diary = diaryOf();
  for (const name of ['one', 'hasty', 'afterOne', 'afterHasty']) {
    assert.equal(diary.filter((entry) => entry.name === name && entry.what === 'begins').length, 1, name);
  }
  const late = diary.filter(({ pid, at }) => pid === sleeper.pid && at >= wokenAt);
  const overlapMs = Math.max(...late.map(({ at }) => at)) - wokenAt;
  const breaths = late.filter(({ name, what }) => name === 'one' && what === 'lives').length;
  t.diagnostic(
    `frozen for ${wokenAt - frozenAt} ms, lease ${LEASE_MS} ms: overlap ${overlapMs} ms, in which the handler came by ${breaths} times`,
  );
  assert.ok(overlapMs < (wokenAt - frozenAt) / 4, `${overlapMs} ms`);
});

async function submit(name: string, sequenceKey = name): Promise<string> {
  const input = { name, isHasty: name === 'hasty' };
  const { id } = await told<JobSeen>(cluster, url('/v1/jobs'), { type: 'step', input, sequenceKey });
  return id;
}

function jobOf(id: string): Promise<JobSeen> {
  return told<JobSeen>(cluster, url(`/v1/jobs/${id}?wait=20`));
}

function url(path: string): string {
  return `${cluster.nodes[0]?.url}${path}`;
}

function diaryOf(): readonly Entry[] {
  const path = join(cluster.folder, 'diary');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [at, pid, name = '', ...what] = line.split(' ');
    return { at: Number(at), pid: Number(pid), name, what: what.join(' ') };
  });
}

function isNoted({ name, what }: Pick<Entry, 'name' | 'what'>): boolean {
  return diaryOf().some((entry) => entry.name === name && entry.what === what);
}

function lostOf(worker: BideProcess): number {
  return worker.output().split('lease lost, work dropped').length - 1;
}
