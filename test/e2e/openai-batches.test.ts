/** Files and batches by the vendor's own client, unchanged but for its base URL and its key, against a real server over real sockets. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import OpenAI, { APIError, toFile } from 'openai';
import type { Batch } from 'openai/resources/batches';
import { createClient } from '../../src/client/index.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';

const CONFIG = `export default {
  types: {
    shout: async (text) => {
      if (typeof text !== 'string' || text.startsWith('bad')) throw Object.assign(new Error('no such word'), { [Symbol.for('bide.permanentError')]: true });
      return text.toUpperCase();
    },
    words: async function* (text) { for (const word of String(text).split(' ')) yield word; },
    chat: async ({ model, messages, stream }) => ({
      id: 'chatcmpl-1', object: 'chat.completion', created: 1, model,
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: messages.at(-1).content + '!' + (stream ?? '') } }],
    }),
    far: { kind: 'remote' },
  },
  dialects: { openai: { options: { models: { 'gpt-x': { type: 'chat', speaks: 'chat/completions', as: 'x-1' } } } } },
  limits: { fileBytesMax: 2_000_000, fileBatchLinesMax: 2_000 },
};
`;

const folder = mkdtempSync(join(tmpdir(), 'bide-batches-'));
const config = join(folder, 'bide.config.mjs');
writeFileSync(config, CONFIG);

let server: ServerProcess;
let openai: OpenAI;
let foreign: OpenAI;

before(async () => {
  server = await startServer({ data: join(folder, 'data'), cwd: folder, args: ['--config', config] });
  openai = clientOf(server, server.key);
  const answer = await fetch(`${server.url}/v1/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ tenant: 'globex', name: 'other', scopes: ['submit', 'read'] }),
  });
  foreign = clientOf(server, ((await answer.json()) as { key: string }).key);
});

after(async () => {
  await server.end('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

function clientOf({ url }: ServerProcess, apiKey: string): OpenAI {
  return new OpenAI({ baseURL: `${url}/openai/v1`, apiKey, maxRetries: 0 });
}

const line = (id: string, body: object, url = '/v1/responses') =>
  JSON.stringify({ custom_id: id, method: 'POST', url, body });
const shouts = (texts: readonly string[]) => texts.map((input, at) => line(`line-${at}`, { model: 'shout', input }));

async function upload(lines: readonly string[], client = openai) {
  return client.files.create({ file: await toFile(Buffer.from(lines.join('\n')), 'lines.jsonl'), purpose: 'batch' });
}

async function begin(lines: readonly string[], over: Partial<OpenAI.BatchCreateParams> = {}): Promise<Batch> {
  const { id } = await upload(lines);
  return openai.batches.create({ input_file_id: id, endpoint: '/v1/responses', completion_window: '24h', ...over });
}

/** As the vendor's guide has it: asked again until it is over. */
async function ended(id: string, client = openai): Promise<Batch> {
  for (;;) {
    const batch = await client.batches.retrieve(id);
    if (!['validating', 'in_progress', 'finalizing', 'cancelling'].includes(batch.status)) return batch;
    await setImmediate();
  }
}

interface OutputLine {
  readonly id: string;
  readonly custom_id: string;
  readonly response: {
    readonly status_code: number;
    readonly request_id: string;
    readonly body: Record<string, never>;
  } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

async function linesOf(id: string | undefined, client = openai): Promise<readonly OutputLine[]> {
  const text = await (await client.files.content(id ?? assert.fail('there is no such file'))).text();
  assert.ok(text.endsWith('\n'));
  return text
    .trimEnd()
    .split('\n')
    .map((one) => JSON.parse(one));
}

async function refused(call: Promise<unknown>, status: number, over: Record<string, string | null>): Promise<APIError> {
  const error = await call.then(
    () => assert.fail('it was taken'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof APIError, String(error));
  const { code = null, param = null } = error;
  assert.deepEqual({ status: error.status, code, param }, { status, code: null, param: null, ...over }, error.message);
  return error;
}

describe('the client of OpenAI', () => {
  test('files are sent, listed, read, fetched and removed', async () => {
    const path = join(folder, 'lines ä.jsonl');
    const text = shouts(['ä 𝄞', 'b']).join('\r\n');
    writeFileSync(path, text);
    const file = await openai.files.create({
      file: createReadStream(path),
      purpose: 'batch',
      expires_after: { anchor: 'created_at', seconds: 3_600 },
    });
    assert.match(file.id, /^file-[0-9a-f]{32}$/);
    assert.deepEqual(
      [file.object, file.bytes, file.filename, file.purpose, file.status],
      ['file', Buffer.byteLength(text), 'lines ä.jsonl', 'batch', 'processed'],
    );
    assert.equal(file.expires_at, file.created_at + 3_600);
    assert.deepEqual(await openai.files.retrieve(file.id), file);
    assert.equal(await (await openai.files.content(file.id)).text(), text);
    const more = [await upload(['1']), await upload(['2']), await upload(['3'])].map(({ id }) => id);
    const ids: string[] = [];
    for await (const { id } of openai.files.list({ limit: 2 })) ids.push(id);
    assert.deepEqual(ids.slice(0, 4), [...more.toReversed(), file.id]);
    const upwards: string[] = [];
    for await (const { id } of openai.files.list({ limit: 3, order: 'asc', purpose: 'batch' })) upwards.push(id);
    assert.deepEqual(upwards, ids.toReversed());
    assert.deepEqual((await openai.files.list({ purpose: 'batch_output' })).data, []);
    assert.deepEqual(await openai.files.delete(file.id), { id: file.id, object: 'file', deleted: true });
    await refused(openai.files.retrieve(file.id), 404, { param: 'id' });
    await refused(openai.files.content(file.id), 404, { param: 'id' });
    await refused(openai.files.delete(file.id), 404, { param: 'id' });
  });

  test('a batch of 1,000 lines, some of which fail, has an answer to each in the order of the file', async () => {
    const texts = Array.from({ length: 1_000 }, (_, at) => (at % 50 === 7 ? `bad ${at}` : `word ${at}`));
    const { id, status, request_counts: none } = await begin(shouts(texts), { metadata: { run: 'nightly' } });
    assert.deepEqual([status, none], ['validating', { total: 0, completed: 0, failed: 0 }]);
    const batch = await ended(id);
    assert.deepEqual(
      [batch.status, batch.request_counts, batch.metadata, batch.errors, batch.endpoint, batch.completion_window],
      ['completed', { total: 1_000, completed: 980, failed: 20 }, { run: 'nightly' }, null, '/v1/responses', '24h'],
    );
    for (const time of [batch.in_progress_at, batch.finalizing_at, batch.completed_at])
      assert.ok(time != null && time >= batch.created_at);
    assert.equal(batch.expires_at, batch.created_at + 86_400);
    const output = await linesOf(batch.output_file_id);
    const good = texts.flatMap((text, at) => (text.startsWith('bad') ? [] : [at]));
    assert.deepEqual(
      output.map(({ custom_id }) => custom_id),
      good.map((at) => `line-${at}`),
    );
    for (const [index, { response, error, id }] of output.entries()) {
      const body = response?.body as unknown as OpenAI.Responses.Response;
      const [message] = body.output as [OpenAI.Responses.ResponseOutputMessage];
      assert.deepEqual(
        [message.content[0]?.type === 'output_text' && message.content[0].text],
        [texts[good[index] ?? 0]?.toUpperCase()],
      );
      assert.deepEqual([response?.status_code, body.status, body.model, error], [200, 'completed', 'shout', null]);
      assert.match(id, /^batch_req_[0-9a-f]{32}$/);
    }
    const errors = await linesOf(batch.error_file_id);
    assert.deepEqual(
      errors.map(({ custom_id }) => custom_id),
      texts.flatMap((text, at) => (text.startsWith('bad') ? [`line-${at}`] : [])),
    );
    assert.equal(errors[0]?.response?.status_code, 500);
    assert.match(JSON.stringify(errors[0]?.response?.body), /no such word/);
    const file = await openai.files.retrieve(batch.output_file_id ?? '');
    assert.deepEqual([file.purpose, file.filename], ['batch_output', `${id}_output.jsonl`]);
  });

  test('lines of chats are for models that speak them, and for types that do not', async () => {
    const url = '/v1/chat/completions';
    const messages = [{ role: 'user', content: 'hello you' }];
    const lines = ['gpt-x', 'shout', 'words'].map((model) => line(model, { model, messages, stream: true }, url));
    const batch = await ended((await begin(lines, { endpoint: url })).id);
    const texts = (await linesOf(batch.output_file_id)).map(({ custom_id, response }) => {
      const body = response?.body as unknown as OpenAI.Chat.ChatCompletion;
      return `${custom_id} ${body.object} ${body.model} ${body.choices[0]?.message.content}`;
    });
    assert.deepEqual(texts, [
      'gpt-x chat.completion x-1 hello you!',
      'shout chat.completion shout HELLO YOU',
      'words chat.completion words helloyou',
    ]);
  });

  test('a file with wrong lines fails before anything of it runs, and each line is named', async () => {
    const lines = [
      line('a', { model: 'shout', input: 'x' }),
      '{"custom_id": "b", ',
      line('a', { model: 'shout', input: 'x' }),
      line('c', { model: 'none', input: 'x' }),
      line('d', { model: 'shout', input: 'x' }, '/v1/embeddings'),
      JSON.stringify({ method: 'POST', url: '/v1/responses', body: {} }),
      JSON.stringify({ custom_id: 'e', method: 'GET', url: '/v1/responses', body: {} }),
      line('f', { model: 'shout', input: 'x', conversation: 'conv_1' }),
      '[]',
    ];
    const batch = await ended((await begin(lines)).id);
    assert.deepEqual([batch.status, batch.output_file_id, batch.error_file_id], ['failed', null, null]);
    assert.deepEqual(
      batch.errors?.data?.map(({ line, code, param }) => `${line} ${code} ${param}`),
      [
        ...['2 invalid_json_line null', '3 duplicate_custom_id custom_id', '4 model_not_found model'],
        ...['5 mismatched_url url', '6 missing_required_parameter custom_id', '7 invalid_method method'],
        ...['8 unsupported_parameter conversation', '9 invalid_json_line null'],
      ],
    );
    assert.ok(batch.failed_at);
    const many = await ended((await begin(shouts(Array.from({ length: 2_001 }, () => 'x')))).id);
    assert.deepEqual(
      many.errors?.data?.map(({ code }) => code),
      ['too_many_requests'],
    );
  });

  test('a batch is cancelled: what has ended is in its output, and all else is told', async () => {
    const lines = [line('near', { model: 'shout', input: 'x' }), line('far', { model: 'far', input: 'x' })];
    const { id } = await begin(lines);
    for (;;) {
      const { request_counts: counts } = await openai.batches.retrieve(id);
      if (counts?.completed === 1) break;
      await setImmediate();
    }
    assert.equal((await openai.batches.cancel(id)).status, 'cancelling');
    const batch = await ended(id);
    assert.deepEqual([batch.status, batch.request_counts], ['cancelled', { total: 2, completed: 1, failed: 1 }]);
    assert.ok(batch.cancelling_at && batch.cancelled_at);
    assert.deepEqual(
      (await linesOf(batch.output_file_id)).map(({ custom_id }) => custom_id),
      ['near'],
    );
    const [far] = await linesOf(batch.error_file_id);
    assert.deepEqual([far?.custom_id, far?.response, far?.error?.code], ['far', null, 'batch_cancelled']);
    await refused(openai.batches.cancel(id), 409, { code: 'conflict' });
  });

  test('batches are listed page by page, newest first', async () => {
    const ids: string[] = [];
    for (let at = 0; at < 5; at += 1) ids.unshift((await begin(shouts(['x']))).id);
    const listed: string[] = [];
    for await (const { id } of openai.batches.list({ limit: 2 })) listed.push(id);
    assert.deepEqual(listed.slice(0, 5), ids);
    assert.equal(new Set(listed).size, listed.length);
    await refused(openai.batches.list({ limit: 0 }), 400, { code: 'invalid_value', param: 'limit' });
    await refused(openai.batches.list({ after: 'x' }), 400, { code: 'invalid_value', param: 'after' });
  });

  test('another tenant knows nothing of files and batches', async () => {
    const { id, input_file_id: file } = await begin(shouts(['x']));
    await ended(id);
    await refused(foreign.files.retrieve(file), 404, { param: 'id' });
    await refused(foreign.files.content(file), 404, { param: 'id' });
    await refused(foreign.files.delete(file), 404, { param: 'id' });
    await refused(foreign.batches.retrieve(id), 404, { param: 'id' });
    await refused(foreign.batches.cancel(id), 404, { param: 'id' });
    const draft = { input_file_id: file, endpoint: '/v1/responses', completion_window: '24h' } as const;
    await refused(foreign.batches.create(draft), 404, { param: 'input_file_id' });
    assert.deepEqual([(await foreign.files.list()).data, (await foreign.batches.list()).data], [[], []]);
  });

  test('what is wrong with a file or a batch is said by its parameter', async () => {
    const form = async (file: Buffer | null, over: object = {}) =>
      openai.files.create({
        ...(file === null ? {} : { file: await toFile(file, 'x') }),
        purpose: 'batch',
        ...over,
      } as never);
    await refused(form(Buffer.from('')), 400, { code: 'empty_file', param: 'file' });
    await refused(form(Buffer.from([0xff, 0xfe, 0x41])), 400, { code: 'invalid_file', param: 'file' });
    await refused(form(Buffer.from('x'), { purpose: 'fine-tune' }), 400, { code: 'invalid_value', param: 'purpose' });
    await refused(form(Buffer.from('x'), { purpose: undefined }), 400, {
      code: 'missing_required_parameter',
      param: 'purpose',
    });
    await refused(form(null), 400, { code: 'missing_required_parameter', param: 'file' });
    const soon = { expires_after: { anchor: 'created_at', seconds: 1 } };
    await refused(form(Buffer.from('x'), soon), 400, { code: 'invalid_value', param: 'expires_after[seconds]' });
    const { id } = await upload(shouts(['x']));
    const draft = { input_file_id: id, endpoint: '/v1/responses', completion_window: '24h' } as const;
    const create = (over: object) => openai.batches.create({ ...draft, ...over } as never);
    await refused(create({ endpoint: '/v1/embeddings' }), 400, { code: 'invalid_value', param: 'endpoint' });
    await refused(create({ completion_window: 'soon' }), 400, { code: 'invalid_value', param: 'completion_window' });
    await refused(create({ completion_window: '900h' }), 400, { code: 'invalid_value', param: 'completion_window' });
    await refused(create({ input_file_id: 'file-1' }), 404, { param: 'input_file_id' });
    await refused(create({ input_file_id: undefined }), 400, {
      code: 'missing_required_parameter',
      param: 'input_file_id',
    });
    await refused(create({ metadata: { a: 1 } }), 400, { code: 'invalid_value', param: 'metadata.a' });
    const done = await ended((await create({})).id);
    await refused(create({ input_file_id: done.output_file_id }), 400, {
      code: 'invalid_purpose',
      param: 'input_file_id',
    });
    await refused(openai.batches.retrieve('batch_1'), 404, { param: 'id' });
  });

  test('a file that is too large is refused while it comes, whatever it says of its length, and leaves nothing', async () => {
    const count = (await openai.files.list()).data.length;
    await refused(upload(['x'.repeat(3_000_000)]), 413, { code: 'request_too_large', param: 'file' });
    const boundary = 'form-boundary';
    const { status, body } = await chunked(
      { 'content-type': `multipart/form-data; boundary=${boundary}` },
      (function* () {
        yield `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\n`;
        for (let at = 0; at < 50; at += 1) yield 'x'.repeat(65_536);
      })(),
    );
    assert.equal(status, 413, body);
    for (const [type, text] of [
      ['multipart/form-data', 'x'],
      ['application/json', '{}'],
      [
        `multipart/form-data; boundary=${boundary}`,
        `--${boundary}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch`,
      ],
    ] as const) {
      const answer = await chunked({ 'content-type': type }, [text]);
      assert.equal(answer.status, 400, answer.body);
    }
    assert.equal((await openai.files.list()).data.length, count);
  });

  test('uploads that are cut off leave nothing, and take no place of those that follow', async () => {
    const count = (await openai.files.list()).data.length;
    const boundary = 'form-boundary';
    const type = `multipart/form-data; boundary=${boundary}`;
    // More than one tenant may send at once.
    for (let at = 0; at < 25; at += 1) {
      const sent = request(`${server.url}/openai/v1/files`, {
        method: 'POST',
        headers: { authorization: `Bearer ${server.key}`, 'content-type': type, 'transfer-encoding': 'chunked' },
      });
      sent.on('error', () => {});
      sent.write(`--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\n`);
      const isOut = Promise.withResolvers<void>();
      sent.write('x'.repeat(100_000), () => isOut.resolve());
      await isOut.promise;
      const closed = new Promise((resolve) => sent.on('close', resolve));
      sent.destroy();
      await closed;
    }
    let file = '';
    while (file === '') {
      file = await upload(shouts(['x'])).then(
        ({ id }) => id,
        (error: APIError) => (error.status === 503 ? '' : assert.fail(error)),
      );
    }
    assert.equal((await openai.files.list()).data.length, count + 1);
  });

  test('lines are jobs of a group as any other, behind the tenant’s other jobs', async () => {
    const { id } = await begin(shouts(['x', 'y']));
    await ended(id);
    const client = createClient({ url: server.url, key: server.key });
    for await (const { total, counts, state } of client.groups.list()) {
      assert.deepEqual([total, counts.succeeded, state], [2, 2, 'finished']);
      break;
    }
  });
});

/** A request in chunks, which says nothing of its length. */
async function chunked(headers: Record<string, string>, chunks: Iterable<string>) {
  const sent = request(`${server.url}/openai/v1/files`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.key}`, 'transfer-encoding': 'chunked', ...headers },
  });
  sent.on('error', () => {});
  const answered = once(sent, 'response');
  for (const chunk of chunks) sent.write(chunk);
  sent.end();
  const [response] = (await answered) as [NodeJS.ReadableStream & { readonly statusCode: number }];
  const pieces: string[] = [];
  for await (const piece of response) pieces.push(String(piece));
  return { status: response.statusCode, body: pieces.join('') };
}
