/** One job, submitted natively, read through the native API and every dialect in each of its states, and parked: words and HTTP codes. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { SHOWN_STATES, type ShownState } from '../src/core/state.ts';
import type { JobIds, WireAnswer } from '../src/dialects/contract-suite/adapter.ts';
import { send } from '../src/dialects/contract-suite/send.ts';
import {
  type DialectAdapter,
  memberOf,
  openRig,
  type Rig,
  stageJob,
  suiteJobIds,
  type WireRequest,
} from '../src/dialects/contract-suite.ts';
import { dialects } from '../src/dialects/index.ts';
import { createNativeDialect } from '../src/dialects/native/index.ts';
import type { Dialect } from '../src/http/dialect.ts';
import type { Mount } from '../src/http/server.ts';

interface Reading {
  /** The whole path, mount included. */
  readonly request: (job: JobIds, key: string) => WireRequest;
  readonly word: (answer: WireAnswer, job: JobIds) => unknown;
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

const READINGS: Readonly<Record<string, Reading>> = {
  native: {
    request: ({ id }, key) => ({ method: 'GET', path: `/v1/jobs/${id}`, headers: bearer(key) }),
    word: (answer) => memberOf(answer, ['state']),
  },
  silentpush: {
    request: ({ id }, key) => ({
      method: 'GET',
      path: `/silentpush/api/v1/merge-api/explore/job/${id}?status_only=1`,
      headers: { 'x-api-key': key },
    }),
    word: (answer) => memberOf(answer, ['response', 'job_status', 'status']),
  },
  immuta: {
    request: ({ id }, key) => ({
      method: 'POST',
      path: '/immuta/jobs/statuses',
      headers: bearer(key),
      json: { jobIds: [id] },
    }),
    word: (answer, { id }) => memberOf(answer, [id, 'state']),
  },
  toolkitapi: {
    request: ({ id }, key) => ({ method: 'GET', path: `/toolkitapi/v1/jobs/${id}`, headers: { 'x-api-key': key } }),
    word: (answer) => memberOf(answer, ['status']),
  },
  kinetica: {
    request: ({ number }, key) => ({
      method: 'POST',
      path: '/kinetica/get/job',
      headers: { authorization: `Basic ${Buffer.from(`user:${key}`).toString('base64')}` },
      json: { job_id: suiteJobIds.seal(number), options: {} },
    }),
    word: (answer) => memberOf({ ...answer, text: String(memberOf(answer, ['data_str'])) }, ['job_status']),
  },
  symbl: {
    request: ({ id }, key) => ({ method: 'GET', path: `/symbl/v1/job/${id}`, headers: bearer(key) }),
    word: (answer) => memberOf(answer, ['status']),
  },
  replicate: {
    request: ({ id }, key) => ({ method: 'GET', path: `/replicate/v1/predictions/${id}`, headers: bearer(key) }),
    word: (answer) => memberOf(answer, ['status']),
  },
  openai: {
    request: ({ id }, key) => ({ method: 'GET', path: `/openai/v1/responses/${id}`, headers: bearer(key) }),
    word: (answer) => memberOf(answer, ['status']),
  },
  a2a: {
    request: ({ id }, key) => ({
      method: 'GET',
      path: `/a2a/tasks/${id}`,
      headers: { ...bearer(key), 'a2a-version': '1.0' },
    }),
    word: (answer) => memberOf(answer, ['status', 'state']),
  },
  lro: {
    request: ({ id }, key) => ({ method: 'GET', path: `/lro/azure/operations/${id}`, headers: bearer(key) }),
    word: (answer) => memberOf(answer, ['status']),
  },
  mcp: {
    request: ({ id }, key) => ({
      method: 'POST',
      path: '/mcp',
      headers: bearer(key),
      json: { jsonrpc: '2.0', id: 1, method: 'tasks/get', params: { taskId: id } },
    }),
    word: (answer) => memberOf(answer, ['result', 'status']),
  },
};

function mountOf(dialect: Dialect): Mount {
  const parsed = dialect.parseOptions(undefined);
  if (parsed.kind === 'invalid') throw new Error(parsed.message);
  return { dialect, options: parsed.options, at: { kind: 'prefix', prefix: `/${dialect.name}` } };
}

const native = createNativeDialect({ version: 'test', keys: null, hasDocs: false }) as Mount['dialect'];
const [first, ...others] = dialects;

let rig: Rig;
before(async () => {
  assert.ok(first !== undefined);
  const root: Mount = { dialect: native, options: null, at: { kind: 'root' } };
  // Only options and credentials of the adapter count here: what the suite asks of it is asked in the vendor's own test.
  const adapter = { options: mountOf(first).options, credentials: () => ({}) } as unknown as DialectAdapter<unknown>;
  rig = await openRig(first, adapter, { beside: [root, ...others.map(mountOf)] });
});
after(() => rig.close());

/** Symbl takes its own tokens; everybody else takes the key. */
async function credentialFor(name: string): Promise<string> {
  const key = rig.keys.owner;
  if (name !== 'symbl') return key;
  const json = { type: 'application', appId: 'app', appSecret: key };
  const answer = await send(
    { agent: rig.agent, baseUrl: rig.origin },
    { method: 'POST', path: '/symbl/oauth2/token:generate', json },
  );
  return String(memberOf(answer, ['accessToken']));
}

it('every dialect has a reading here', () => {
  assert.deepEqual(Object.keys(READINGS).sort(), ['native', ...dialects.map(({ name }) => name)].sort());
});

type Row = ShownState | 'parked';

/** What stands in `docs/dialects/index.md`. */
function expectedWord(name: string, row: Row): string | undefined {
  if (name === 'native') return row === 'parked' ? 'scheduled' : row;
  const vocabulary = dialects.find((dialect) => dialect.name === name)?.vocabulary;
  return row === 'parked' ? (vocabulary?.parked ?? vocabulary?.states.running) : vocabulary?.states[row];
}

async function stage(row: Row): Promise<JobIds> {
  if (row !== 'parked')
    return (await stageJob(rig, row, { result: { columns: ['n'], rows: [[1]], row_count: 1 } })).job;
  const { job } = await stageJob(rig, 'running');
  const { engine, tenant } = rig;
  const { id, fence } = job;
  const outcome = await engine.workPark({ tenant, id, fence, signal: 'approval', timeoutMs: 60_000 });
  assert.equal(outcome.kind, 'done');
  return job;
}

it('a job that came natively is read through every dialect in each of its states', async (test) => {
  const credentials = Object.fromEntries(
    await Promise.all(Object.keys(READINGS).map(async (name) => [name, await credentialFor(name)] as const)),
  );
  for (const row of [...SHOWN_STATES, 'parked'] as const) {
    const job = await stage(row);
    const cells: string[] = [];
    for (const [name, reading] of Object.entries(READINGS)) {
      const request = reading.request(job, credentials[name] ?? '');
      const answer = await send({ agent: rig.agent, baseUrl: rig.origin }, request);
      const word = reading.word(answer, job);
      assert.equal(word, expectedWord(name, row), `${name} ${row}: ${answer.status} ${answer.text}`);
      assert.equal(answer.status, 200, `${name} ${row}: ${answer.text}`);
      cells.push(`${name} ${answer.status} ${String(word)}`);
    }
    test.diagnostic(`${row.padEnd(10)} ${cells.join(' | ')}`);
  }
});
