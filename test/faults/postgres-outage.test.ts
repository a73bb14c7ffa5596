/** The database goes away for longer than anybody's patience, and comes back: what callers, balancers, workers and logs see of it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { ask, type Cluster, startCluster, told } from '../postgres/cluster.ts';
import type { BideProcess } from '../postgres/cluster-process.ts';
import { startTestServer, type TestServer } from '../postgres/server.ts';
import { pause, until } from './postgres-callers.ts';

const CONFIG = `
export default {
  limits: { pollIntervalMs: 500 },
  types: {
    slow: { slots: 50, run: async ({ ms }) => { await new Promise((resolve) => setTimeout(resolve, ms)); return { ms }; } },
    parcel: { kind: 'remote' },
  },
};
`;

const OUTAGE_MS = 6_000;
const HELD = 20;
/** Ten milliseconds each: the unit of /proc on every Linux that Node runs on. */
const TICK_MS = 10;
/** A loop without a pause takes all that the machine gives it; backoffs take next to nothing. */
const CPU_SHARE_MAX = 0.15;
const REQUESTS = 300;
const LOG_LINES_MAX = 25;

interface JobBody {
  readonly id: string;
  readonly state: string;
  readonly attempt: number;
  readonly result: { readonly ms: number } | null;
}

let server: TestServer;
let cluster: Cluster;
before(async () => {
  server = await startTestServer();
  cluster = await startCluster({ database: await server.createDatabase(), nodes: 1, workers: 1, config: CONFIG });
});
after(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await server.end();
});

const ID = '01890a5d-ac96-774b-bcce-b302099a8057';

/** One read of each face. None needs the database to know the caller, who was here a moment ago. */
const READS: Readonly<
  Record<string, (key: string) => { path: string; headers: Record<string, string>; body?: unknown }>
> = {
  native: (key) => ({ path: `/v1/jobs/${ID}`, headers: { authorization: `Bearer ${key}` } }),
  silentpush: (key) => ({
    path: `/silentpush/api/v1/merge-api/explore/job/${ID}?status_only=1`,
    headers: { 'x-api-key': key },
  }),
  immuta: (key) => ({
    ...{ path: '/immuta/jobs/statuses', body: { jobIds: [ID] } },
    headers: { authorization: `Bearer ${key}` },
  }),
  toolkitapi: (key) => ({ path: `/toolkitapi/v1/jobs/${ID}`, headers: { 'x-api-key': key } }),
  kinetica: (key) => ({
    ...{ path: '/kinetica/get/job', body: { job_id: 1, options: {} } },
    headers: { authorization: `Basic ${Buffer.from(`user:${key}`).toString('base64')}` },
  }),
  symbl: (key) => ({ path: `/symbl/v1/job/${ID}`, headers: { authorization: `Bearer ${key}` } }),
};

test('an outage is told to callers and balancers, costs no work, and is over when it is over', async (t) => {
  const [node] = cluster.nodes;
  const [worker] = cluster.workers;
  assert.ok(node !== undefined && worker !== undefined);
  const url = (path: string) => node.url + path;
  const statusOf = async (path: string) => (await ask(cluster, url(path))).status;
  assert.equal(await statusOf('/readyz'), 200);
  const held = await holdJobs(url);

  await server.stopServer('fast');
  await until('the balancer is told', async () => (await statusOf('/readyz')) === 503);
  assert.equal(await statusOf('/healthz'), 200);
  const startedAt = performance.now();
  const before = [node, worker].map(cpuMsOf);
  const shapes = await facesOf(node);
  for (let request = 0; request < REQUESTS; request += 1) {
    assert.equal(await statusOf(`/v1/jobs/${ID}`), 503);
  }
  const requestsMs = [node, worker].map(cpuMsOf);
  await pause(Math.max(0, OUTAGE_MS - (performance.now() - startedAt)));
  const quietMs = performance.now() - startedAt;
  const cpuMs = [node, worker].map((one, index) => cpuMsOf(one) - (requestsMs[index] ?? 0));
  assert.equal(held.answered(), 0, 'held requests wait for the database to come back');

  await server.startServer();
  const backAt = performance.now();
  await until('the balancer is told', async () => (await statusOf('/readyz')) === 200);
  const readyMs = performance.now() - backAt;
  const jobs = await Promise.all(held.answers);
  const answeredMs = performance.now() - backAt;
  for (const { state, attempt } of jobs) assert.deepEqual({ state, attempt }, { state: 'succeeded', attempt: 1 });

  const lines = [node, worker].map(logLinesOf);
  t.diagnostic(
    `outage ${OUTAGE_MS} ms: ready again after ${readyMs.toFixed(0)} ms, ${HELD} held requests answered after ` +
      `${answeredMs.toFixed(0)} ms; log lines ${lines.join(' and ')} for ${REQUESTS} refused requests, CPU ${cpuMs.join(' and ')} ms ` +
      `in ${quietMs.toFixed(0)} ms (before it ${before.join(' and ')})`,
  );
  for (const [face, shape] of Object.entries(shapes)) t.diagnostic(`${face}: ${shape}`);
  for (const count of lines) assert.ok(count <= LOG_LINES_MAX, `${count} log lines`);
  for (const ms of cpuMs) assert.ok(ms <= quietMs * CPU_SHARE_MAX, `${ms} ms of CPU in ${quietMs} ms`);
});

/** Jobs that end during the outage, and a request held for each. */
async function holdJobs(url: (path: string) => string) {
  const submits = Array.from({ length: HELD }, () =>
    told<JobBody>(cluster, url('/v1/jobs'), { type: 'slow', input: { ms: 2_000 } }),
  );
  const ids = (await Promise.all(submits)).map(({ id }) => id);
  await until('the jobs run', async () => {
    const looks = ids.map((id) => told<JobBody>(cluster, url(`/v1/jobs/${id}`)));
    return (await Promise.all(looks)).every(({ state }) => state === 'running');
  });
  let answered = 0;
  const answers = ids.map(async (id) => {
    const job = await told<JobBody>(cluster, url(`/v1/jobs/${id}?wait=35`));
    answered += 1;
    return job;
  });
  await until('the requests are held', async () => {
    const { text } = await ask(cluster, url('/metrics'));
    return new RegExp(`^bide_holds ${HELD}$`, 'm').test(text);
  });
  return { answers, answered: () => answered };
}

/** What each face says while the database is away. */
async function facesOf(node: BideProcess): Promise<Readonly<Record<string, string>>> {
  const shapes: Record<string, string> = {};
  for (const [face, readOf] of Object.entries(READS)) {
    const { path, headers, body } = readOf(cluster.key);
    const { status, headers: answered, text } = await ask(cluster, node.url + path, body, headers);
    assert.equal(status, 503, `${face}: ${text}`);
    assert.match(answered.get('retry-after') ?? '', /^[1-9]\d*$/, face);
    // Problems are the native shape; a vendor's client reads its own.
    assert.equal(answered.get('content-type')?.startsWith('application/problem+json'), face === 'native', face);
    assert.equal(
      JSON.stringify(JSON.parse(text)).includes('127.0.0.1'),
      false,
      `${face} tells callers where the database is`,
    );
    shapes[face] = `${status} ${answered.get('content-type')} retry-after ${answered.get('retry-after')}: ${text}`;
  }
  return shapes;
}

/** CPU time that a process has taken so far, in user and in kernel mode. */
function cpuMsOf({ pid }: BideProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function logLinesOf(one: BideProcess): number {
  return one
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{')).length;
}
