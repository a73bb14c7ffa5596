/**
 * What each dialect costs over the native API for a status read of the same finished job: `node bench/dialect-cost.ts [rounds] [msPerRound] [dialect…]`.
 *
 * One server with all dialects in a process of its own, the load in another. The contenders take turns in short rounds; ratios are taken within
 * a round and then their median, because on a shared machine the rate of anything drifts by a third within a minute.
 */
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Metrics, Row } from './report/result.ts';
import { median, medianRatio, valuesOf } from './report/statistics.ts';
import { startChild } from './run/children.ts';
import { CLIENTS, type HttpRequest, load } from './run/load.ts';
import { cpuSecondsOf } from './run/process-cpu.ts';
import { inTurns } from './run/rounds.ts';

const ROUNDS = Number(process.argv[2] ?? 9);
const MEASURE_MS = Number(process.argv[3] ?? 1_000);
const WANTED = process.argv.slice(4);
const READY_MS = 60_000;
const UNHURRIED = { untilMs: Number.POSITIVE_INFINITY, note: () => {} };
/** What a dialect may cost over the native API. */
const AIM = 1.5;

interface Measured {
  readonly port: number;
  readonly key: string;
  /** For dialects that take a token for a key. */
  readonly token: string;
  readonly id: string;
  /** For dialects whose ids are numbers. */
  readonly numericId: number;
}

interface Read {
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const JSON_BODY = { 'Content-Type': 'application/json' };

const READS: Readonly<Record<string, (of: Measured) => Read>> = {
  native: ({ id, key }) => ({ path: `/v1/jobs/${id}`, headers: { Authorization: `Bearer ${key}` } }),
  silentpush: ({ id, key }) => ({
    path: `/silentpush/api/v1/merge-api/explore/job/${id}?max_wait=0`,
    headers: { 'X-API-KEY': key },
  }),
  immuta: ({ id, key }) => ({
    method: 'POST',
    path: '/immuta/jobs/statuses',
    headers: { Authorization: `Bearer ${key}`, ...JSON_BODY },
    body: JSON.stringify({ jobIds: [id] }),
  }),
  toolkitapi: ({ id, key }) => ({ path: `/toolkitapi/v1/jobs/${id}`, headers: { 'X-API-Key': key } }),
  kinetica: ({ numericId, key }) => ({
    method: 'POST',
    path: '/kinetica/get/job',
    headers: { Authorization: `Basic ${Buffer.from(`admin:${key}`).toString('base64')}`, ...JSON_BODY },
    body: JSON.stringify({ job_id: numericId, options: {} }),
  }),
  replicate: ({ id, key }) => ({
    path: `/replicate/v1/predictions/${id}`,
    headers: { Authorization: `Bearer ${key}` },
  }),
  mcp: ({ id, key }) => ({
    method: 'POST',
    path: '/mcp',
    headers: { Authorization: `Bearer ${key}`, ...JSON_BODY },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tasks/get', params: { taskId: id } }),
  }),
  a2a: ({ id, key }) => ({
    path: `/a2a/tasks/${id}`,
    headers: { Authorization: `Bearer ${key}`, 'A2A-Version': '1.0' },
  }),
  openai: ({ id, key }) => ({
    path: `/openai/v1/responses/resp_${id.replaceAll('-', '')}`,
    headers: { Authorization: `Bearer ${key}` },
  }),
  lro: ({ id, key }) => ({ path: `/lro/v1/operations/${id}`, headers: { Authorization: `Bearer ${key}` } }),
  azure: ({ id, key }) => ({ path: `/lro/azure/operations/${id}`, headers: { 'api-key': key } }),
  symbl: ({ id, token }) => ({ path: `/symbl/v1/job/${id}`, headers: { Authorization: `Bearer ${token}` } }),
};

const command = { program: process.execPath, args: [join(import.meta.dirname, 'dialect-cost-server.ts')] };
const child = await startChild(command, { ready: /\{.*\}/, deadlineMs: READY_MS });
const measured = JSON.parse(child.ready[0]) as Measured;
const server = { port: measured.port, cpuSeconds: () => cpuSecondsOf(child.pid) ?? Number.NaN };
const names = Object.keys(READS).filter((name) => name === 'native' || WANTED.length === 0 || WANTED.includes(name));
const turns = names.map((name) => {
  const { method = 'GET', body = null, ...rest } = READS[name]?.(measured) ?? { path: '/', headers: {} };
  const request: HttpRequest = { method, body, ...rest };
  return { side: name, measure: (): Promise<Metrics> => load(server, request, MEASURE_MS) };
});
let rows: readonly Row[] = [];
try {
  await inTurns(turns, { rounds: 1, ...UNHURRIED });
  rows = await inTurns(turns, { rounds: ROUNDS, ...UNHURRIED });
} finally {
  await child.end();
}
console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}; ${CLIENTS} clients, `);
console.log(`${ROUNDS} rounds of ${MEASURE_MS} ms each, medians; ratios within a round (aim: at most ${AIM})`);
const [native] = rows;
console.table(
  Object.fromEntries(
    rows.map((row) => [
      row.side,
      {
        'requests/s': Math.round(median(valuesOf(row, 'rate'))),
        cost: Number((native === undefined ? Number.NaN : medianRatio(native, row, 'rate')).toFixed(2)),
        'p50 ms': Number(median(valuesOf(row, 'p50Ms')).toFixed(2)),
        'p99 ms': Number(median(valuesOf(row, 'p99Ms')).toFixed(2)),
        'CPU us': Number(median(valuesOf(row, 'cpuUs')).toFixed(1)),
        'CPU cost': Number((native === undefined ? Number.NaN : medianRatio(row, native, 'cpuUs')).toFixed(2)),
      },
    ]),
  ),
);
process.exit(0);
