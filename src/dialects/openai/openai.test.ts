/** OpenAI under the suite of all dialects, and what is the vendor's alone. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  complaintAboutJson,
  type DialectAdapter,
  jsonOf,
  memberOf,
  openRig,
  type Rig,
  TEST_TYPE,
  testDialect,
} from '../contract-suite.ts';
import { openai } from './index.ts';
import { DEFAULT_OPTIONS, type OpenaiOptions } from './options.ts';
import { jobOfResponse } from './responses/ids.ts';
import { Response } from './responses/wire.ts';
import { ErrorBody } from './wire.ts';

const post = (path: string, json: object, headers: Record<string, string> = {}) => ({
  method: 'POST',
  path,
  json: json as never,
  headers,
});
const RESPONSES = '/v1/responses';
const GOOD = { model: TEST_TYPE, input: 'Hello', background: true };

const adapter: DialectAdapter<OpenaiOptions> = {
  options: {
    ...DEFAULT_OPTIONS,
    models: { 'meta/llama': { type: TEST_TYPE, speaks: 'chat/completions', as: 'llama' } },
  },
  credentials: (key) => ({ authorization: `Bearer ${key}` }),
  start: post(RESPONSES, GOOD),
  started: (answer) => jobOfResponse(String(memberOf(answer, ['id']))) ?? undefined,
  read: ({ id }) => ({ method: 'GET', path: `/v1/responses/${id}` }),
  word: (answer) => memberOf(answer, ['status']) as string | undefined,
  succeeded: (answer, _job, result) =>
    assert.equal(outputTextOf(answer), typeof result === 'string' ? result : JSON.stringify(result)),
  unknown(answer) {
    assert.equal(answer.status, 404);
    assert.equal(memberOf(answer, ['error', 'type']), 'invalid_request_error');
  },
  hold: null,
  cancel: ({ id }) => ({ method: 'POST', path: `/v1/responses/${id}/cancel` }),
  inner: (json) => [post(RESPONSES, { ...GOOD, input: json })],
  refused: [
    { title: 'an id of another form', request: { method: 'GET', path: '/v1/responses/resp_1' }, status: 404 },
    { title: 'a model that is no type', request: post(RESPONSES, { ...GOOD, model: 'x' }), status: 404 },
    { title: 'no model', request: post(RESPONSES, { input: 'x' }), status: 400 },
    { title: 'a list as the body', request: post(RESPONSES, []), status: 400 },
    { title: 'no body', request: { method: 'POST', path: RESPONSES }, status: 400 },
    { title: 'a conversation', request: post(RESPONSES, { ...GOOD, conversation: 'conv_1' }), status: 400 },
    {
      title: 'a response before it for a type',
      request: post(RESPONSES, { ...GOOD, previous_response_id: 'resp_1' }),
      status: 400,
    },
    { title: 'instructions for a type', request: post(RESPONSES, { ...GOOD, instructions: 'Rhyme' }), status: 400 },
    { title: 'tools for a type', request: post(RESPONSES, { ...GOOD, tools: [{ type: 'web_search' }] }), status: 400 },
    {
      title: 'a tool that chats have none of',
      request: post(RESPONSES, { ...GOOD, model: 'meta/llama', tools: [{ type: 'web_search' }] }),
      status: 400,
    },
    {
      title: 'metadata of numbers',
      request: post(RESPONSES, { ...GOOD, metadata: { a: 1 } }),
      status: 400,
    },
    { title: 'one that is not to be stored', request: post(RESPONSES, { ...GOOD, store: false }), status: 400 },
    { title: 'a model that there is not', request: { method: 'GET', path: '/v1/models/x' }, status: 404 },
    { title: 'a file that is no form', request: post('/v1/files', {}), status: 400 },
    { title: 'a file that there is not', request: { method: 'GET', path: '/v1/files/file-1' }, status: 404 },
    { title: 'its content', request: { method: 'GET', path: '/v1/files/file-1/content' }, status: 404 },
    { title: 'its removal', request: { method: 'DELETE', path: '/v1/files/file-1' }, status: 404 },
    { title: 'a page of no files', request: { method: 'GET', path: '/v1/files?limit=0' }, status: 400 },
    { title: 'a batch of nothing', request: post('/v1/batches', {}), status: 400 },
    { title: 'a batch that there is not', request: { method: 'GET', path: '/v1/batches/batch_1' }, status: 404 },
    { title: 'its cancel', request: { method: 'POST', path: '/v1/batches/batch_1/cancel' }, status: 404 },
    { title: 'a page behind no batch', request: { method: 'GET', path: '/v1/batches?after=x' }, status: 400 },
    { title: 'a call that is not served', request: post('/v1/embeddings', {}), status: 404 },
  ],
  complaint(answer, { path }) {
    if (answer.status >= 400) return complaintAboutJson(answer, ErrorBody);
    const isResponse = memberOf(answer, ['object']) === 'response' && memberOf(answer, ['deleted']) === undefined;
    if (/\/responses/.test(path) && isResponse) return complaintAboutJson(answer, Response);
    return jsonOf(answer) === undefined ? `the body is no JSON: ${answer.text}` : null;
  },
  readings: () => ({
    requests: ({ id }) => [
      { method: 'GET', path: '/v1/models' },
      { method: 'POST', path: `/v1/responses/${id}/cancel` },
    ],
  }),
  fuzz: {
    query: { stream: ['true', 'x'], starting_after: ['0', '-1', 'x'], include: ['x'] },
    bodies: [
      { ...GOOD, metadata: { a: 'b' } },
      {
        model: 'meta/llama',
        background: true,
        instructions: 'Rhyme',
        input: [{ role: 'user', content: [{ type: 'input_text', text: 'x' }] }],
        tools: [{ type: 'function', name: 'f', parameters: {} }],
        text: { format: { type: 'json_schema', name: 'x', schema: {} } },
      },
    ],
  },
  golden: new URL('./golden/', import.meta.url),
  volatile: [{ name: 'digits', pattern: /[0-9a-f]{32}/g }],
};

function outputTextOf(answer: Parameters<typeof memberOf>[0]): string {
  const output = (memberOf(answer, ['output']) ?? []) as readonly { content: readonly { text?: string }[] }[];
  return output.flatMap(({ content }) => content.map(({ text = '' }) => text)).join('');
}

testDialect(openai, adapter);

describe('OpenAI', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig(openai, adapter);
  });
  after(() => rig.close());

  it('models are the names of the config and the types', async () => {
    const answer = await rig.send({ method: 'GET', path: '/v1/models' });
    const ids = (memberOf(answer, ['data']) as readonly { id: string }[]).map(({ id }) => id);
    assert.ok(ids.includes('meta/llama') && ids.includes(TEST_TYPE), ids.join());
    const one = await rig.send({ method: 'GET', path: '/v1/models/meta%2Fllama' });
    assert.equal(memberOf(one, ['id']), 'meta/llama');
  });
});
