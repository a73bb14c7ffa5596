import assert from 'node:assert/strict';
import { Type } from 'typebox';
import type { Json } from '../../core/job.ts';
import type { ShownState } from '../../core/state.ts';
import {
  complaintAboutJson,
  type DialectAdapter,
  memberOf,
  TEST_TYPE,
  testDialect,
  type WireAnswer,
  type WireRequest,
} from '../contract-suite.ts';
import { mcp } from './index.ts';
import { WORDS } from './mapping.ts';
import type { McpOptions } from './options.ts';
import { META, MODERN_VERSION, TASKS_EXTENSION } from './wire.ts';

const Id = Type.Optional(Type.Union([Type.String(), Type.Integer()]));
const Version = Type.Literal('2.0');
const Said = Type.Union([
  Type.Object({ jsonrpc: Version, id: Id, result: Type.Record(Type.String(), Type.Unknown()) }),
  Type.Object({ jsonrpc: Version, id: Id, error: Type.Object({ code: Type.Integer(), message: Type.String() }) }),
  Type.Object({ resource: Type.String(), bearer_methods_supported: Type.Array(Type.String()) }),
]);

function complaint(answer: WireAnswer): string | null {
  return answer.status === 202 && answer.text === '' ? null : complaintAboutJson(answer, Said);
}

type Params = Readonly<Record<string, Json>>;

function legacyRequest(method: string, params: Params): WireRequest {
  return { method: 'POST', path: '/', json: { jsonrpc: '2.0', id: 1, method, params } };
}

const MODERN_META = {
  [META.version]: MODERN_VERSION,
  [META.capabilities]: { extensions: { [TASKS_EXTENSION]: {} } },
};

function modernRequest(method: string, params: Params): WireRequest {
  const { headers, ...request } = {
    ...legacyRequest(method, { ...params, _meta: MODERN_META }),
    headers: { 'mcp-protocol-version': MODERN_VERSION, 'mcp-method': method },
  };
  const name = params.name ?? params.taskId;
  return { ...request, headers: { ...headers, ...(name === undefined ? {} : { 'mcp-name': String(name) }) } };
}

/** Of a task, or of the card of a tool that follows jobs. */
function wordOf(answer: WireAnswer): string | undefined {
  const state = memberOf(answer, ['result', 'structuredContent', 'state']);
  if (typeof state === 'string') return WORDS[state as ShownState];
  return memberOf(answer, ['result', 'status']) as string | undefined;
}

function unknown(answer: WireAnswer): void {
  assert.equal(answer.status, 200, answer.text);
  if (memberOf(answer, ['result', 'isError']) === true) assert.match(answer.text, /There is no job/);
  else assert.equal(memberOf(answer, ['error', 'code']), -32_602, answer.text);
}

function adapterOf(request: (method: string, params: Params) => WireRequest): DialectAdapter<McpOptions> {
  const callTool = (name: string, args: Params, more: Params = {}) =>
    request('tools/call', { name, arguments: args, ...more });
  return {
    options: { tools: { [TEST_TYPE]: { description: 'Makes a report.' } }, origins: [] },
    credentials: (key) => ({ authorization: `Bearer ${key}` }),
    start: callTool(TEST_TYPE, { report: 'sales' }, { task: { ttl: 60_000 } }),
    started: (answer) =>
      (memberOf(answer, ['result', 'task', 'taskId']) ?? memberOf(answer, ['result', 'taskId'])) as string | undefined,
    read: ({ id }) => request('tasks/get', { taskId: id }),
    word: wordOf,
    unknown,
    hold: ({ id }, seconds) => callTool('wait_for_job', { job_id: id, wait_seconds: seconds }),
    cancel: ({ id }) => request('tasks/cancel', { taskId: id }),
    readings: () => ({ requests: ({ id }) => [callTool('get_job', { job_id: id })] }),
    refused: [
      { title: 'a batch', request: { method: 'POST', path: '/', json: [{ jsonrpc: '2.0' }] }, status: 400 },
      { title: 'no body', request: { method: 'POST', path: '/' }, status: 400 },
      { title: 'another protocol', request: { method: 'POST', path: '/', json: { jsonrpc: '1.0' } }, status: 400 },
      { title: 'a stream that is none', request: { method: 'GET', path: '/' }, status: 405 },
      {
        title: 'an event that no stream had',
        request: { method: 'GET', path: '/', headers: { 'last-event-id': 'x' } },
        status: 404,
      },
      {
        title: 'a version that there is not',
        request: { ...request('tasks/get', { taskId: 'x' }), headers: { 'mcp-protocol-version': '1999-01-01' } },
        status: 400,
      },
      {
        title: 'a page of another origin',
        request: { ...legacyRequest('ping', {}), headers: { origin: 'https://evil.example' } },
        status: 403,
      },
    ],
    complaint,
    fuzz: {
      query: { x: ['1'] },
      bodies: [
        { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: TEST_TYPE, arguments: { a: 1 }, task: {} } },
        { jsonrpc: '2.0', id: 'a', method: 'tasks/list', params: { cursor: 'x' } },
        { jsonrpc: '2.0', id: 2, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {} } },
        {
          jsonrpc: '2.0',
          id: 3,
          method: 'tasks/update',
          params: { taskId: 'x', inputResponses: {}, _meta: MODERN_META },
        },
        { jsonrpc: '2.0', method: 'notifications/initialized' },
        { jsonrpc: '2.0', id: 'bide-input/00000000-0000-4000-8000-000000000000/x', result: { action: 'accept' } },
      ],
    },
    golden: new URL('./golden/', import.meta.url),
    volatile: [
      { name: 'version', pattern: /(?<="name":"bide","version":")[^"]+/g },
      { name: 'session', pattern: /^[\w-]{48}$/g },
    ],
    goldenHeaders: ['mcp-session-id', 'www-authenticate'],
  };
}

const legacy: DialectAdapter<McpOptions> = {
  ...adapterOf(legacyRequest),
  together: () => [
    {
      request: legacyRequest('tasks/list', {}),
      of: (answer, { id }) =>
        (memberOf(answer, ['result', 'tasks']) as readonly { readonly taskId: string }[]).find(
          ({ taskId }) => taskId === id,
        ),
    },
  ],
  readings: () => ({
    requests: ({ id }) => [
      legacyRequest('tasks/result', { taskId: id }),
      legacyRequest('tasks/list', {}),
      legacyRequest('tools/call', { name: 'get_job', arguments: { job_id: id } }),
    ],
  }),
};

const modern: DialectAdapter<McpOptions> = {
  ...adapterOf(modernRequest),
  succeeded: (answer, _job, result) =>
    assert.deepEqual(JSON.parse(String(memberOf(answer, ['result', 'result', 'content', '0', 'text']))), result),
};

testDialect(mcp, legacy);
testDialect(mcp, modern, ['lifecycle', 'errors', 'holds', 'polls', 'readings', 'random requests']);
