/** OpenAI's own client, unchanged but for its base URL and its key, against a real server over real sockets. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import OpenAI, {
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from 'openai';
import type { ResponseStreamEvent } from 'openai/resources/responses/responses';
import { type Client, createClient, runWorker } from '../../src/client/index.ts';
import { jobOfResponse } from '../../src/dialects/openai/responses/ids.ts';
import { documentOf } from '../process/doc-blocks.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';
import { ROOT } from '../tidy/tree.ts';
import { type FakeModel, receive, startFakeModel } from './fake-model.ts';

const run = promisify(execFile);

const configText = (upstream: string) => `export default { types: {
  sum: async ({ numbers }) => ({ sum: numbers.reduce((sum, one) => sum + one, 0) }),
  echo: async (text) => text,
  fail: { retry: { attempts: 1 }, run: async () => { throw new Error('no such prompt'); } },
  story: async function* ({ input }) {
    for (const word of input.split(' ')) yield word + ' ';
    return { usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 } };
  },
  far: { kind: 'remote' },
  chat: { kind: 'http', url: '${upstream}/v1/chat/completions', allowPrivateAddresses: true },
  limited: { kind: 'http', url: '${upstream}/v1/chat/completions', allowPrivateAddresses: true,
    limit: { key: () => 'vllm', concurrency: 8 } },
  responses: { kind: 'http', url: '${upstream}/v1/responses', allowPrivateAddresses: true },
}, dialects: { openai: { options: { models: {
  'story-1': { type: 'story', speaks: 'responses' },
  'llama-3': { type: 'chat', speaks: 'chat/completions', as: 'meta/Llama-3-8B' },
  'gpt-9': { type: 'responses', speaks: 'responses' },
  'llama-4': { type: 'limited', speaks: 'chat/completions' },
} } } }, limits: { waitMsMax: 400, jobsWaitingMax: 30 }, deliveries: { allowPrivateAddresses: true } };
`;

const folder = mkdtempSync(join(tmpdir(), 'bide-openai-'));
const config = join(folder, 'bide.config.mjs');

let upstream: FakeModel;
let server: ServerProcess;
let openai: OpenAI;
let bide: Client;

before(async () => {
  upstream = await startFakeModel();
  writeFileSync(config, configText(upstream.url));
  server = await startServer({ data: join(folder, 'data'), cwd: folder, args: ['--config', config] });
  openai = new OpenAI({ baseURL: `${server.url}/openai/v1`, apiKey: server.key });
  bide = createClient({ url: server.url, key: server.key });
});

after(async () => {
  await server.end('SIGTERM');
  await upstream.close();
  rmSync(folder, { recursive: true, force: true });
});

/** As the vendor's guide has it, without its sleep: each look is a request. */
async function polled(client: OpenAI, id: string) {
  let response = await client.responses.retrieve(id);
  while (response.status === 'queued' || response.status === 'in_progress')
    response = await client.responses.retrieve(id);
  return response;
}

async function eventsOf(stream: AsyncIterable<ResponseStreamEvent>): Promise<readonly ResponseStreamEvent[]> {
  const events: ResponseStreamEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

/** Does the work of `far`; the way to stop it. */
function workOnFar(client: Client, handle: Parameters<typeof runWorker>[1]['handle']) {
  const stop = new AbortController();
  const working = runWorker(client, { types: ['far'], handle, signal: stop.signal, name: 'the tests' });
  return async () => {
    stop.abort();
    await working;
  };
}

describe('the client of OpenAI', () => {
  test('a response in the background is queued at once, and polled to its end', async () => {
    const input = JSON.stringify({ numbers: [20, 22] });
    const created = await openai.responses.create({ model: 'sum', input, background: true, metadata: { team: 'a' } });
    assert.deepEqual([created.status, created.output_text, created.model], ['queued', '', 'sum']);
    const done = await polled(openai, created.id);
    assert.deepEqual([done.status, done.output_text, done.metadata], ['completed', '{"sum":42}', { team: 'a' }]);
  });

  test('a create without background is answered with the response that is done', async () => {
    const response = await openai.responses.create({ model: 'echo', input: 'Hello' });
    assert.deepEqual([response.status, response.output_text, response.background], ['completed', 'Hello', false]);
  });

  test('one that takes longer than a hold is waited for by the client’s own HTTP library', async () => {
    let wasSentOn = false;
    const client = openai.withOptions({
      fetch: async (url, init) => {
        const answer = await fetch(url, init);
        wasSentOn = answer.redirected;
        return answer;
      },
    });
    const creating = client.responses.create({ model: 'far', input: 'slow' });
    const job = await queuedOf('far');
    // Each is held as long as the create is: after two of them it was sent on.
    for (let hold = 0; hold < 2; hold += 1) await bide.wait(job.id, { timeoutMs: 400 }).catch(() => {});
    const stop = workOnFar(bide, async (job) => `${String(job.input)} and steady`);
    const response = await creating;
    await stop();
    assert.deepEqual([response.output_text, wasSentOn], ['slow and steady', true]);
  });

  test('a failed response says why', async () => {
    const created = await openai.responses.create({ model: 'fail', input: 'x', background: true });
    const done = await polled(openai, created.id);
    assert.equal(done.status, 'failed');
    assert.deepEqual(done.error, { code: 'server_error', message: 'no such prompt' });
  });

  test('a stream brings each chunk as it is emitted, and ends with the whole', async () => {
    const stream = await openai.responses.create({
      model: 'story-1',
      input: 'Once upon a',
      background: true,
      stream: true,
    });
    const events = await eventsOf(stream);
    assert.deepEqual(
      events.map(({ type }) => type.replace('response.', '')),
      [
        'created',
        'queued',
        'in_progress',
        'output_item.added',
        'content_part.added',
        'output_text.delta',
        'output_text.delta',
        'output_text.delta',
        'output_text.done',
        'content_part.done',
        'output_item.done',
        'completed',
      ],
    );
    const numbers = events.map((event) => event.sequence_number);
    assert.deepEqual(
      numbers.toSorted((one, other) => one - other),
      numbers,
    );
    assert.equal(new Set(numbers).size, numbers.length);
    const last = events.at(-1);
    assert.equal(last?.type, 'response.completed');
    const { response } = last as Extract<ResponseStreamEvent, { type: 'response.completed' }>;
    assert.deepEqual(response.usage, { input_tokens: 1, output_tokens: 2, total_tokens: 3 });
    const read = await openai.responses.retrieve(response.id);
    assert.equal(read.output_text, 'Once upon a ');
    assert.deepEqual(read.output, response.output);
  });

  test('a stream is resumed behind each of its events, and brings exactly the rest', async () => {
    for (const body of [
      { model: 'story-1', input: 'Once upon a time' },
      { model: 'llama-3', input: 'call a tool' },
      { model: 'fail', input: 'x' },
    ]) {
      const all = await eventsOf(await openai.responses.create({ ...body, background: true, stream: true }));
      const [first] = all;
      assert.equal(first?.type, 'response.created');
      const { id } = (first as Extract<ResponseStreamEvent, { type: 'response.created' }>).response;
      for (const [at, { sequence_number: starting_after }] of all.entries()) {
        const rest = await eventsOf(await openai.responses.retrieve(id, { stream: true, starting_after }));
        assert.deepEqual(rest.slice(), all.slice(at + 1), `${body.model} behind ${starting_after}`);
      }
    }
  });

  test('the helper for streams puts the same together, and tools called in the answer of an upstream too', async () => {
    for (const [model, text, calls] of [
      ['story-1', 'Once upon ', 0],
      ['llama-3', 'You said: Once upon', 0],
      ['llama-3', '', 1],
      ['echo', 'Once upon', 0],
    ] as const) {
      const input = calls === 0 ? 'Once upon' : 'call a tool';
      const final = await openai.responses.stream({ model, input }).finalResponse();
      assert.deepEqual([final.status, final.output_text], ['completed', text], model);
      assert.equal(final.output.filter(({ type }) => type === 'function_call').length, calls);
    }
  });

  test('an upstream that speaks chat completions, and one that speaks responses, are asynchronous', async () => {
    for (const [model, named] of [
      ['llama-3', 'meta/Llama-3-8B'],
      ['gpt-9', 'gpt-9'],
    ] as const) {
      const created = await openai.responses.create({
        model,
        background: true,
        instructions: 'Be short',
        input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }],
        temperature: 0.5,
      });
      const done = await polled(openai, created.id);
      assert.deepEqual([done.status, done.output_text, done.model], ['completed', 'You said: Hi', named]);
      assert.deepEqual([done.usage?.input_tokens, done.usage?.output_tokens], [3, 4]);
      assert.equal(done.id, created.id);
    }
    const [chat, responses] = upstream.requests.slice(-2);
    assert.deepEqual(chat?.messages, [
      { role: 'system', content: 'Be short' },
      { role: 'user', content: 'Hi' },
    ]);
    assert.deepEqual(
      [responses?.instructions, responses?.background, responses?.stream],
      ['Be short', undefined, undefined],
    );
  });

  test('an upstream that says 429 closes the key of its limit, and no attempt is counted', async () => {
    const [first, second] = await Promise.all(
      ['too many', 'later'].map((input) => openai.responses.create({ model: 'llama-4', background: true, input })),
    );
    for (const [response, text] of [
      [first, 'You said: too many'],
      [second, 'You said: later'],
    ] as const)
      assert.equal((await polled(openai, response?.id ?? '')).output_text, text);
    const id = jobOfResponse(first?.id ?? '') ?? '';
    assert.equal((await bide.get(id)).attempt, 1);
    assert.equal(upstream.requests.filter(({ messages }) => messages?.at(-1)?.content === 'too many').length, 2);
  });

  test('a conversation goes on by the response before', async () => {
    const first = await openai.responses.create({ model: 'llama-3', input: 'One', instructions: 'Be short' });
    const second = await openai.responses.create({ model: 'gpt-9', input: 'Two', previous_response_id: first.id });
    assert.deepEqual([second.output_text, second.previous_response_id], ['You said: Two', first.id]);
    const { input } = upstream.requests.at(-1) ?? {};
    assert.deepEqual(
      (input as unknown as readonly { readonly role: string }[]).map(({ role }) => role),
      ['user', 'assistant', 'user'],
    );
  });

  test('what an upstream refuses is the error of the response', async () => {
    const created = await openai.responses.create({ model: 'gpt-9', background: true, input: 'refuse this' });
    const done = await polled(openai, created.id);
    assert.deepEqual([done.status, done.error?.code], ['failed', 'server_error']);
    assert.match(done.error?.message ?? '', /answered 400/);
  });

  test('a response is cancelled, once and again, and deleted', async () => {
    const { id } = await openai.responses.create({ model: 'far', input: 'x', background: true });
    assert.equal((await openai.responses.cancel(id)).status, 'cancelled');
    assert.equal((await openai.responses.cancel(id)).status, 'cancelled');
    const events = await eventsOf(await openai.responses.retrieve(id, { stream: true }));
    assert.deepEqual(
      events.map(({ type }) => type),
      ['response.created', 'response.queued', 'response.incomplete'],
    );
    await openai.responses.delete(id);
    await assert.rejects(openai.responses.retrieve(id), NotFoundError);
    await assert.rejects(openai.responses.delete(id), NotFoundError);
  });

  test('what a response was asked is listed', async () => {
    const input = [
      { role: 'user', content: 'One' },
      { role: 'assistant', content: 'Two' },
      { role: 'user', content: 'Three' },
    ] as const;
    for (const model of ['far', 'llama-3', 'gpt-9']) {
      const { id } = await openai.responses.create({ model, input: [...input], background: true });
      const said: unknown[] = [];
      for await (const item of openai.responses.inputItems.list(id, { order: 'asc', limit: 2 }))
        said.push('content' in item ? textIn(item.content) : item);
      assert.deepEqual(said, ['One', 'Two', 'Three'], model);
      await openai.responses.cancel(id);
    }
  });

  test('webhooks in its words are told how a response ended, and unwrap takes their signature and no other', async () => {
    await using receiver = await receive();
    await assert.rejects(bide.webhooks.create({ url: receiver.url, dialect: 'symbl' }), /native, openai/);
    const { secret, dialect } = await bide.webhooks.create({ url: receiver.url, dialect: 'openai' });
    assert.equal(dialect, 'openai');
    const body = { input: 'x', background: true } as const;
    const completed = await openai.responses.create({ ...body, model: 'echo' });
    const failed = await openai.responses.create({ ...body, model: 'fail' });
    const { id } = await openai.responses.create({ ...body, model: 'far' });
    const cancelled = await openai.responses.cancel(id);
    const expired = await bide.submit({ type: 'far', input: 'x', deadlineMs: 1 });
    const told = new Map<string, string>();
    for (const { raw, headers } of await receiver.got(4)) {
      const event = await openai.webhooks.unwrap(raw, headers, secret);
      assert.match(event.id, /^evt_/);
      told.set('id' in event.data ? event.data.id : '', event.type);
      await assert.rejects(openai.webhooks.unwrap(`${raw} `, headers, secret), OpenAI.InvalidWebhookSignatureError);
    }
    assert.deepEqual(
      [completed.id, failed.id, cancelled.id, `resp_${expired.id.replaceAll('-', '')}`].map((one) => told.get(one)),
      ['response.completed', 'response.failed', 'response.cancelled', 'response.incomplete'],
    );
    assert.equal((await openai.responses.retrieve(expired.id)).incomplete_details?.reason, 'deadline_exceeded');
  });

  test('the recipe of the docs does what it says', async () => {
    const text = documentOf('docs/dialects/openai.md');
    const recipe = /^```ts recipe\n(.*?)^```$/ms.exec(text)?.[1] ?? assert.fail('the docs have no recipe');
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(join(ROOT, 'node_modules', 'openai'), join(folder, 'node_modules', 'openai'));
    writeFileSync(join(folder, 'recipe.mts'), recipe);
    const env = { ...process.env, BIDE_URL: server.url, BIDE_KEY: server.key };
    const { stdout } = await run(process.execPath, [join(folder, 'recipe.mts')], { cwd: folder, env });
    assert.equal(stdout, 'You said: Tell me a story\n');
  });

  test('models are the types, and the names of the config', async () => {
    const ids: string[] = [];
    for await (const { id } of openai.models.list()) ids.push(id);
    assert.deepEqual(ids.slice(0, 4), ['story-1', 'llama-3', 'gpt-9', 'llama-4']);
    assert.equal((await openai.models.retrieve('llama-3')).id, 'llama-3');
  });

  test('what is wrong comes as the client’s own errors', async () => {
    const unknown = 'resp_01912c5e000070008000000000000001';
    await assert.rejects(openai.responses.retrieve(unknown), NotFoundError);
    await assert.rejects(openai.withOptions({ apiKey: 'sk-wrong' }).responses.retrieve(unknown), (error) => {
      assert.ok(error instanceof AuthenticationError);
      assert.equal(error.code, 'invalid_api_key');
      return true;
    });
    const noModel = openai.responses.create({ model: 'gpt-none', input: 'x', background: true });
    await assert.rejects(noModel, (error) => {
      assert.ok(error instanceof NotFoundError);
      assert.deepEqual([error.code, error.param, error.type], ['model_not_found', 'model', 'invalid_request_error']);
      return true;
    });
    const wrong = openai.responses.create({ model: 'sum', input: 'x', background: true, conversation: 'conv_1' });
    await assert.rejects(wrong, (error) => {
      assert.ok(error instanceof BadRequestError);
      assert.equal(error.param, 'conversation');
      return true;
    });
    const { key } = (await call(server, '/v1/keys', { name: 'reader', scopes: ['read'] })) as { readonly key: string };
    const reader = openai.withOptions({ apiKey: key });
    await assert.rejects(reader.responses.create({ model: 'sum', input: '{}' }), PermissionDeniedError);
    const large = openai.responses.create({ model: 'echo', input: 'x'.repeat(2_000_000) });
    await assert.rejects(large, (error) => error instanceof OpenAI.APIError && error.status === 413);
  });

  test('a tenant without room is told so as a limit of rate, with the time to come again', async () => {
    const impatient = openai.withOptions({ maxRetries: 0 });
    const made: string[] = [];
    const fill = async () => {
      for (let number = 0; number < 40; number += 1)
        made.push((await impatient.responses.create({ model: 'far', input: 'x', background: true })).id);
    };
    await assert.rejects(fill(), (error) => {
      assert.ok(error instanceof RateLimitError);
      assert.equal(error.code, 'rate_limit_exceeded');
      assert.ok(Number(error.headers?.get('retry-after')) > 0);
      return true;
    });
    for (const id of made) await openai.responses.cancel(id);
  });
});

describe('the client of OpenAI while the server restarts', () => {
  test('a poll, and a stream that is in the middle of its text, end with the right answer', async () => {
    const data = join(folder, 'restarted');
    const args = ['--config', config];
    const first = await startServer({ data, cwd: folder, args });
    const port = new URL(first.url).port;
    const client = new OpenAI({ baseURL: `${first.url}/openai/v1`, apiKey: first.key, maxRetries: 20 });
    const { id } = await client.responses.create({ model: 'far', input: 'x', background: true });
    const { jobs } = (await call(first, '/v1/work/claim', { types: ['far'], max: 1, worker: 'the tests' })) as Claimed;
    const [job] = jobs;
    assert.ok(job !== undefined);
    const { fence } = job;
    await call(first, `/v1/work/${job.id}/heartbeat`, { fence, output: ['Well '] });
    const seen: ResponseStreamEvent[] = [];
    const hasText = Promise.withResolvers<void>();
    const streaming = follow(client, id, (event) => {
      seen.push(event);
      if (event.type === 'response.output_text.delta') hasText.resolve();
    });
    await hasText.promise;
    await first.end('SIGKILL');
    await using second = await startServer({ data, cwd: folder, args: [...args, '--port', port] });
    const polling = polled(client, id);
    await call(second, `/v1/work/${job.id}/heartbeat`, { fence, output: ['done'] });
    await call(second, `/v1/work/${job.id}/succeed`, { fence, result: null });
    assert.equal((await polling).output_text, 'Well done');
    await streaming;
    const numbers = seen.map((event) => event.sequence_number);
    assert.deepEqual([...new Set(numbers)], numbers);
    assert.deepEqual(
      seen.flatMap((event) => (event.type === 'response.output_text.delta' ? event.delta : [])),
      ['Well ', 'done'],
    );
    assert.equal(seen.at(-1)?.type, 'response.completed');
  });
});

/** Reads a stream to its end, and resumes it behind the last event wherever it breaks. */
async function follow(client: OpenAI, id: string, note: (event: ResponseStreamEvent) => void): Promise<void> {
  let place: { readonly starting_after?: number } = {};
  for (let isOver = false; !isOver; ) {
    try {
      for await (const event of await client.responses.retrieve(id, { stream: true, ...place })) {
        note(event);
        place = { starting_after: event.sequence_number };
        isOver = event.type === 'response.completed';
      }
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
  }
}

interface Claimed {
  readonly jobs: readonly { readonly id: string; readonly fence: number }[];
}

async function call({ url, key }: Pick<ServerProcess, 'url' | 'key'>, path: string, body: object): Promise<unknown> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, await answer.clone().text());
  return answer.json();
}

async function queuedOf(type: string) {
  for (;;) {
    for await (const job of bide.list({ types: [type], states: ['queued'] })) return job;
  }
}

function textIn(content: unknown): unknown {
  return Array.isArray(content) ? content.map(({ text }: { readonly text: string }) => text).join('') : content;
}
