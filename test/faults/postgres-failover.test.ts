/** A standby is promoted while processes work, and the old primary lives on without taking writes: they follow, and lose nothing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, type Cluster, startCluster } from '../postgres/cluster.ts';
import { startTestServer, type TestServer } from '../postgres/server.ts';
import { until } from './postgres-callers.ts';

const CONFIG = `
export default { limits: { pollIntervalMs: 500 }, types: { echo: { slots: 20, run: async (input) => input } } };
`;
/** From the promotion to the first job that is stored. */
const FIRST_MS_MAX = 10_000;
const CALLERS = 6;
const JOBS_BEFORE = 150;
const JOBS_AFTER = 150;

let primary: TestServer;
let standby: TestServer;
let cluster: Cluster;
before(async () => {
  primary = await startTestServer();
  standby = await primary.startStandby();
  const url = await primary.createDatabase();
  const database = url.replace(/(127\.0\.0\.1):\d+/, `$1:${primary.port},$1:${standby.port}`);
  cluster = await startCluster({ database, nodes: 2, workers: 1, config: CONFIG });
});
after(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await standby?.end();
  await primary.end();
});

interface Stored {
  readonly id: string;
  readonly at: number;
}

test('processes follow a promoted standby within ten seconds, and no acknowledged job is lost', async (t) => {
  const stored: Stored[] = [];
  const refusals = new Map<string, number>();
  let enough = Number.POSITIVE_INFINITY;
  let number = 0;
  const caller = async (index: number) => {
    while (stored.length < enough) {
      number += 1;
      const job = await submit(number, index, refusals);
      if (job !== null) stored.push({ id: job, at: performance.now() });
    }
  };
  const callers = Array.from({ length: CALLERS }, (_, index) => caller(index));
  await until('jobs are stored', async () => stored.length >= JOBS_BEFORE);
  await primary.query('ALTER SYSTEM SET default_transaction_read_only = on');
  await primary.query('SELECT pg_reload_conf()');
  await until('a balancer is told', async () => (await readiness()).every((status) => status === 503));
  const promotedAt = performance.now();
  await standby.query('SELECT pg_promote(true, 30)');
  await until('jobs are stored again', async () => (stored.at(-1)?.at ?? 0) > promotedAt);
  const firstMs = (stored.find(({ at }) => at > promotedAt)?.at ?? Number.POSITIVE_INFINITY) - promotedAt;
  enough = stored.length + JOBS_AFTER;
  await Promise.all(callers);
  await until('balancers are told', async () => (await readiness()).every((status) => status === 200));
  assert.ok(firstMs <= FIRST_MS_MAX, `${firstMs} ms`);
  assert.deepEqual(
    [...refusals.keys()].filter((code) => !/^STORE_(READ_ONLY|UNAVAILABLE)$/.test(code)),
    [],
  );
  const [node] = cluster.nodes;
  const ends = new Map<string, string[]>();
  for (const { id } of stored) {
    const { status, text } = await ask(cluster, `${node?.url}/v1/jobs/${id}?wait=30`);
    const end = status === 200 ? (JSON.parse(text) as { readonly state: string }).state : String(status);
    ends.set(end, [...(ends.get(end) ?? []), id]);
  }
  const { succeeded = [], ...others } = Object.fromEntries(ends);
  t.diagnostic(
    `first job ${firstMs.toFixed(0)} ms after the promotion was asked for; submitted ${stored.length}, ` +
      `lost ${stored.length - succeeded.length}; ${wordsOf(refusals)}`,
  );
  assert.deepEqual(others, {});
});

/** The id, or null where the answer was 503. */
async function submit(number: number, index: number, refusals: Map<string, number>): Promise<string | null> {
  const node = cluster.nodes[index % cluster.nodes.length];
  const { status, text } = await ask(cluster, `${node?.url}/v1/jobs`, { type: 'echo', input: { number } });
  const body = JSON.parse(text) as { readonly id: string; readonly code: string };
  if (status === 202) return body.id;
  assert.equal(status, 503, text);
  refusals.set(body.code, (refusals.get(body.code) ?? 0) + 1);
  return null;
}

async function readiness(): Promise<readonly number[]> {
  const answers = await Promise.all(cluster.nodes.map(({ url }) => ask(cluster, `${url}/readyz`)));
  return answers.map(({ status }) => status);
}

function wordsOf(refusals: Map<string, number>): string {
  return [...refusals].map(([code, count]) => `${count} × ${code}`).join(', ') || 'none refused';
}
