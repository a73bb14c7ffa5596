/**
 * What becomes of a running server's jobs when the clock of its machine is set, on a data folder.
 *
 * A preloaded module moves `Date.now` in every thread of the server, by what a file says; the steady counter goes on, as it does in a kernel.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ServerProcess, startServer } from '../process/server-process.ts';
import { call } from './load.ts';
import { pause, until } from './postgres-callers.ts';

const HOUR_MS = 3_600_000;
const LEASE_MS = 1_000;
const REMOTE_LEASE_MS = 30_000;
/** Heartbeats, sweeps every 50 ms and the look at the clock once a second: several of each. */
const AFTER_MS = 2_500;

// `slow` runs in the server under its false clock: a file is what reaches it from here, and it ends as soon as that is there.
const CONFIG = `
import { existsSync } from 'node:fs';
export default {
  limits: { leaseMs: ${LEASE_MS}, sweepIntervalMs: 50 },
  types: {
    quick: { run: () => 1 },
    slow: { slots: 2, async run() { while (!existsSync('go')) await new Promise((done) => setTimeout(done, 20)); return 2; } },
    parcel: { kind: 'remote' },
  },
};
`;

/** The file is read at most every 20 ms: `Date.now` is asked thousands of times a second. */
const CLOCK = `
import { readFileSync } from 'node:fs';
const { now } = Date;
let aheadMs = 0;
let readAt = -Infinity;
Date.now = () => {
  if (performance.now() - readAt > 20) {
    aheadMs = Number(readFileSync(process.env.CLOCK_AHEAD, 'utf8'));
    readAt = performance.now();
  }
  return now() + aheadMs;
};
globalThis.Date = class extends Date { constructor(...from) { from.length ? super(...from) : super(Date.now()); } };
`;

interface Job {
  readonly id: string;
  readonly fence: number;
  readonly state: string;
  readonly attempt: number;
  readonly createdAt: string;
}

for (const [what, aheadMs] of [
  ['an hour ahead', HOUR_MS],
  ['a year ahead', 365 * 24 * HOUR_MS],
  ['an hour back', -HOUR_MS],
] as const) {
  test(`healthy jobs, the queue and finished jobs outlive a clock that is set ${what}, and a restart under it`, async (t) => {
    const machine = createMachine(t);
    const finished = await withServer(machine, async (server) => {
      const old = await submit(server, 'quick');
      await ended(server, old);
      const slow = await submit(server, 'slow');
      const parcel = await submit(server, 'parcel');
      const claimed = (await call(server, '/v1/work/claim', {
        types: ['parcel'],
        max: 1,
        leaseMs: REMOTE_LEASE_MS,
      })) as { jobs: Job[] };
      await until('the slow job runs', async () => (await look(server, slow)).state === 'running');
      const queued = await submit(server, 'quick', { delayMs: AFTER_MS / 2 });
      machine.setClock(aheadMs);
      await pause(AFTER_MS / 2);
      await beat(server, parcel, claimed.jobs[0]?.fence);
      await pause(AFTER_MS / 2);
      for (const id of [slow, parcel]) {
        const { state, attempt } = await look(server, id);
        assert.deepEqual({ state, attempt }, { state: 'running', attempt: 1 });
      }
      machine.letGo();
      const late = await submit(server, 'quick');
      for (const id of [slow, queued, late]) {
        const { state, attempt } = await ended(server, id);
        assert.deepEqual({ state, attempt }, { state: 'succeeded', attempt: 1 });
      }
      await call(server, `/v1/work/${parcel}/succeed`, { fence: claimed.jobs[0]?.fence, result: 3 });
      return [old, slow, parcel, queued, late];
    });
    await withServer(machine, async (server) => {
      await pause(AFTER_MS / 2);
      const next = await submit(server, 'quick');
      for (const id of [...finished, next]) assert.equal((await ended(server, id)).state, 'succeeded');
      const [first, last] = [await look(server, finished[0] ?? ''), await look(server, next)];
      const seenMs = Date.parse(last.createdAt) - Date.parse(first.createdAt);
      t.diagnostic(`${what}: by the data, the jobs before and after are ${(seenMs / 1_000).toFixed(1)} s apart`);
      assert.ok(seenMs > 0);
    });
  });
}

/** A data folder and a clock of its own. */
function createMachine(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'bide-clocks-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const ahead = join(folder, 'ahead');
  const clock = join(folder, 'clock.mjs');
  writeFileSync(join(folder, 'bide.config.mjs'), CONFIG);
  writeFileSync(clock, CLOCK);
  writeFileSync(ahead, '0');
  return {
    folder,
    env: { NODE_OPTIONS: `--import=${clock}`, CLOCK_AHEAD: ahead },
    setClock: (ms: number) => writeFileSync(ahead, String(ms)),
    letGo: () => writeFileSync(join(folder, 'go'), ''),
  };
}

async function withServer<T>(
  { folder, env }: ReturnType<typeof createMachine>,
  work: (server: ServerProcess) => Promise<T>,
): Promise<T> {
  await using server = await startServer({
    ...{ data: join(folder, 'data'), cwd: folder, env, args: ['--config', 'bide.config.mjs'] },
  });
  const answer = await work(server);
  assert.equal(await server.end('SIGTERM'), 0, server.output());
  return answer;
}

async function submit(server: ServerProcess, type: string, more = {}): Promise<string> {
  return ((await call(server, '/v1/jobs', { type, ...more })) as Job).id;
}

async function look(server: ServerProcess, id: string): Promise<Job> {
  return (await call(server, `/v1/jobs/${id}`)) as Job;
}

async function ended(server: ServerProcess, id: string): Promise<Job> {
  return (await call(server, `/v1/jobs/${id}?wait=20`)) as Job;
}

async function beat(server: ServerProcess, id: string, fence: number | undefined): Promise<void> {
  await call(server, `/v1/work/${id}/heartbeat`, { fence, leaseMs: REMOTE_LEASE_MS });
}
