/** Responses: creates that wait, streams whose run is lost, and what becomes of a job that is given up. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  createWorker,
  type DialectAdapter,
  memberOf,
  openRig,
  type Rig,
  TEST_TYPE,
  type WireAnswer,
} from '../contract-suite.ts';
import { openai } from './index.ts';
import { DEFAULT_OPTIONS, type OpenaiOptions } from './options.ts';
import { jobOfResponse } from './responses/ids.ts';

const adapter = {
  options: {
    ...DEFAULT_OPTIONS,
    models: {
      'gpt-9': { type: TEST_TYPE, speaks: 'responses' },
      llama: { type: TEST_TYPE, speaks: 'chat/completions' },
    },
  },
  credentials: (key: string) => ({ authorization: `Bearer ${key}` }),
} as unknown as DialectAdapter<OpenaiOptions>;

const never = new AbortController().signal;
const WAIT_MS = 60_000;

interface Event {
  readonly type: string;
  readonly sequence_number: number;
  readonly output_index?: number;
  readonly delta?: string;
  readonly item?: { readonly id: string; readonly status: string };
  readonly response?: { readonly status: string; readonly output: readonly object[] };
}

function eventsOf({ text }: Pick<WireAnswer, 'text'>): readonly Event[] {
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data) as Event);
}

describe('responses', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await openRig(openai, adapter, { limits: { waitMsMax: WAIT_MS } });
  });
  afterEach(() => rig.close());

  const worker = () => createWorker(rig.engine, rig.tenant);
  const create = (fields: object = {}, signal?: AbortSignal) =>
    rig.send(
      { method: 'POST', path: '/v1/responses', json: { model: TEST_TYPE, input: 'Hi', ...fields } as never },
      'owner',
      signal,
    );
  const get = (path: string) => rig.send({ method: 'GET', path: `/v1/responses/${path}` });
  const stream = (id: string, after?: number) =>
    get(`${id}?stream=true${after === undefined ? '' : `&starting_after=${after}`}`);
  const idOf = (answer: WireAnswer) => String(memberOf(answer, ['id']));

  async function emit(held: { readonly id: string; readonly fence: number }, ...chunks: readonly unknown[]) {
    const output = chunks.map((one) => JSON.stringify(one));
    const beat = { tenant: rig.tenant, ...held, output, timeoutMs: 0, signal: never };
    assert.equal((await rig.engine.workHeartbeat(beat)).kind, 'held');
  }

  /** The run is given back, and the job is claimed again. */
  async function lose(held: { readonly id: string; readonly fence: number }) {
    await rig.engine.workLater({ tenant: rig.tenant, ...held, waitMs: 1 });
    rig.clock.advance(1);
    return worker().claim(TEST_TYPE);
  }

  it('a create is held until its job ends', async () => {
    const creating = create();
    await rig.held(1);
    await worker().succeed(await worker().claim(TEST_TYPE), 'Hello');
    const answer = await creating;
    assert.deepEqual([answer.status, memberOf(answer, ['status'])], [200, 'completed']);
    assert.equal(memberOf(answer, ['background']), false);
  });

  it('past a hold the client is sent on to where it is held again, and after fifteen it is told', async () => {
    let answering = create();
    for (let hold = 0; hold <= 15; hold += 1) {
      await rig.held(1);
      rig.clock.advance(WAIT_MS);
      const answer = await answering;
      if (hold === 15) {
        assert.equal(answer.status, 504);
        assert.equal(answer.headers['x-should-retry'], 'false');
        assert.equal(memberOf(answer, ['error', 'code']), 'response_timeout');
        return;
      }
      assert.equal(answer.status, 303);
      const location = String(answer.headers.location);
      const next = new URL(location, `http://x/v1/${hold === 0 ? 'responses' : 'responses/x'}`);
      assert.match(next.pathname, /^\/v1\/responses\/resp_[0-9a-f]{32}$/);
      answering = rig.send({ method: 'GET', path: `${next.pathname}${next.search}` });
    }
  });

  it('one that is sent on is answered with the response', async () => {
    const creating = create();
    await rig.held(1);
    rig.clock.advance(WAIT_MS);
    const location = String((await creating).headers.location);
    const waiting = rig.send({ method: 'GET', path: `/v1/${location}` });
    await rig.held(1);
    await worker().succeed(await worker().claim(TEST_TYPE), 'Hello');
    assert.deepEqual([(await waiting).status, memberOf(await waiting, ['status'])], [200, 'completed']);
  });

  it('who goes away without an answer gives the response up; in the background nobody does', async () => {
    const gone = new AbortController();
    const creating = create({}, gone.signal);
    await rig.held(1);
    const [first] = (await rig.engine.list({ tenant: rig.tenant, limit: 1 })).snapshots;
    assert.ok(first !== undefined);
    gone.abort();
    await assert.rejects(creating);
    const request = { tenant: rig.tenant, ids: [first.job.id], for: 'all', until: { kind: 'done' } } as const;
    const { lookups } = await rig.engine.wait({ ...request, timeoutMs: WAIT_MS, signal: never });
    assert.equal(lookups[0]?.kind === 'found' ? lookups[0].snapshot.job.state : null, 'cancelled');
    const created = await create({ background: true });
    assert.equal(memberOf(await get(`${idOf(created)}?held=3`), ['status']), 'queued');
  });

  it('a response that is not to be stored is gone a minute after its end', async () => {
    const creating = create({ store: false });
    await rig.held(1);
    await worker().succeed(await worker().claim(TEST_TYPE), 'Hello');
    const answer = await creating;
    const [lookup] = await rig.engine.read(rig.tenant, [jobOfResponse(idOf(answer)) ?? '']);
    assert.equal(lookup?.kind === 'found' ? lookup.snapshot.job.retainMs : null, 60_000);
  });

  it('a run that is lost ends its item as incomplete, and another one begins', async () => {
    const id = idOf(await create({ background: true }));
    const first = await worker().claim(TEST_TYPE);
    await emit(first, 'old');
    const following = await fetch(`${rig.url}/v1/responses/${id}?stream=true`, {
      headers: { authorization: `Bearer ${rig.keys.owner}` },
    });
    const reader = (following.body ?? assert.fail('no stream')).pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('"delta":"old"')) text += (await reader.read()).value ?? '';
    const second = await lose(first);
    await emit(second, 'new ', 'text');
    await worker().succeed(second, null);
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
    const events = eventsOf({ text });
    const items = events.filter(({ type }) => type.startsWith('response.output_item'));
    assert.deepEqual(
      items.map(({ type, output_index: index, item }) => [type.slice(21), index, item?.status]),
      [
        ['added', 0, 'in_progress'],
        ['done', 0, 'incomplete'],
        ['added', 1, 'in_progress'],
        ['done', 1, 'completed'],
      ],
    );
    assert.equal(new Set(items.map(({ item }) => item?.id)).size, 2);
    const numbers = events.map((event) => event.sequence_number);
    assert.deepEqual(
      numbers.toSorted((one, other) => one - other),
      numbers,
    );
    assert.equal(events.at(-1)?.response?.output.length, 1);
    // Who comes then sees the newest run alone, and who has some of the old one goes on as above.
    const whole = eventsOf(await stream(id));
    assert.deepEqual(
      whole.flatMap(({ delta = [] }) => delta),
      ['new ', 'text'],
    );
    const old = events.find(({ delta }) => delta === 'old')?.sequence_number;
    assert.deepEqual(
      eventsOf(await stream(id, old)),
      events.slice(events.findIndex(({ delta }) => delta === 'old') + 1),
    );
  });

  it('a job whose time is over is incomplete, with what it had emitted', async () => {
    const id = idOf(await create({ background: true }));
    const held = await worker().claim(TEST_TYPE);
    await emit(held, 'half of ', 'it');
    await worker().fail(held, 'it broke');
    const failed = await get(id);
    assert.deepEqual([memberOf(failed, ['status']), memberOf(failed, ['error', 'code'])], ['failed', 'server_error']);
    assert.match(
      failed.text,
      /"status":"incomplete","role":"assistant","content":\[\{"type":"output_text","text":"half of it"/,
    );
  });

  it('a stream that ends before its response says so, and what is not there is no stream', async () => {
    const id = idOf(await create({ background: true }));
    const following = stream(id);
    await rig.held(1);
    await rig.shutDown();
    const { text } = await following;
    assert.match(text, /\n\nevent: error\ndata: \{"type":"error","code":"stream_ended".*starting_after.*\}\n\n$/);
  });

  it('a query that is wrong is refused by its parameter', async () => {
    const id = idOf(await create({ background: true }));
    for (const [query, param] of [
      ['stream=maybe', 'stream'],
      ['stream=true&starting_after=x', 'starting_after'],
      ['stream=true&starting_after=-1', 'starting_after'],
    ]) {
      const answer = await get(`${id}?${query}`);
      assert.deepEqual([answer.status, memberOf(answer, ['error', 'param'])], [400, param]);
    }
    const items = await get(`${id}/input_items?limit=0`);
    assert.deepEqual([items.status, memberOf(items, ['error', 'param'])], [400, 'limit']);
    const behind = await get(`${id}/input_items?after=msg_unknown`);
    assert.deepEqual([behind.status, memberOf(behind, ['error', 'param'])], [400, 'after']);
  });

  it('a model that speaks responses is given the request, and what its answer says of itself stands', async () => {
    const request = { model: 'gpt-9', instructions: 'Rhyme', temperature: 0.5, reasoning: { effort: 'low' } };
    const id = idOf(await create({ ...request, background: true, stream: false }));
    const held = await worker().claim(TEST_TYPE);
    const input = JSON.parse((await rig.engine.readInput(rig.tenant, held.id)) ?? 'null');
    assert.deepEqual(input, { ...request, input: 'Hi' });
    await worker().succeed(held, {
      object: 'response',
      id: 'resp_theirs',
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [
        { type: 'reasoning', summary: [] },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hi' }] },
      ],
      usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
      model: 'gpt-9-2026',
    });
    const answer = await get(id);
    const members = ['id', 'status', 'model', 'instructions', 'temperature'].map((name) => memberOf(answer, [name]));
    assert.deepEqual(members, [id, 'incomplete', 'gpt-9-2026', 'Rhyme', 0.5]);
    assert.deepEqual(memberOf(answer, ['incomplete_details']), { reason: 'max_output_tokens' });
    const events = eventsOf(await stream(id));
    assert.deepEqual(
      events.slice(3).map(({ type }) => type.slice(9)),
      [
        'output_item.added',
        'output_item.done',
        'output_item.added',
        'content_part.added',
        'output_text.delta',
        'output_text.done',
        'content_part.done',
        'output_item.done',
        'incomplete',
      ],
    );
  });

  it('a response that follows another is asked with what was said before, across wires, and without its instructions', async () => {
    const first = {
      model: 'llama',
      instructions: 'Rhyme',
      input: [
        { role: 'system', content: 'Be kind' },
        { role: 'user', content: 'Hi' },
      ],
    };
    const one = idOf(await create({ ...first, background: true }));
    const early = await create({ model: 'llama', background: true, previous_response_id: one });
    assert.deepEqual([early.status, memberOf(early, ['error', 'code'])], [400, 'previous_response_not_completed']);
    const call = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } };
    const message = { role: 'assistant', content: 'I look', tool_calls: [call] };
    await worker().succeed(await worker().claim(TEST_TYPE), { choices: [{ message }] });
    const output = { type: 'function_call_output', call_id: 'call_1', output: 'a cat' };
    const asked = [];
    for (const model of ['llama', 'gpt-9']) {
      const answer = await create({ model, background: true, previous_response_id: one, input: [output] });
      assert.equal(memberOf(answer, ['previous_response_id']), one, answer.text);
      const held = await worker().claim(TEST_TYPE);
      asked.push(JSON.parse((await rig.engine.readInput(rig.tenant, held.id)) ?? 'null'));
      await worker().succeed(held, 'A cat.');
    }
    const [chat, responses] = asked;
    assert.deepEqual(chat.messages, [
      { role: 'system', content: 'Be kind' },
      { role: 'user', content: 'Hi' },
      message,
      { role: 'tool', tool_call_id: 'call_1', content: 'a cat' },
    ]);
    assert.deepEqual(
      responses.input.map(({ type, role }: { type: string; role?: string }) => role ?? type),
      ['system', 'user', 'assistant', 'function_call', 'function_call_output'],
    );
    assert.equal(responses.previous_response_id, undefined);
    for (const previous_response_id of ['resp_x', one.replace(/.{4}$/, '0000')]) {
      const answer = await create({ model: 'llama', background: true, previous_response_id });
      assert.deepEqual([answer.status, memberOf(answer, ['error', 'code'])], [400, 'previous_response_not_found']);
    }
    const foreign = {
      method: 'POST',
      path: '/v1/responses',
      json: { model: 'llama', background: true, previous_response_id: one },
    };
    assert.equal((await rig.send(foreign, 'other')).status, 400);
  });

  it('a conversation has the bound of a body', async () => {
    const text = 'x'.repeat(600_000);
    const one = idOf(await create({ model: 'llama', background: true, input: text }));
    await worker().succeed(await worker().claim(TEST_TYPE), 'Hello');
    const answer = await create({ model: 'llama', background: true, input: text, previous_response_id: one });
    assert.deepEqual([answer.status, memberOf(answer, ['error', 'param'])], [413, 'previous_response_id']);
  });

  it('an echo leaves out what is long', async () => {
    const answer = await create({ model: 'gpt-9', background: true, instructions: 'x'.repeat(5_000), top_p: 0.5 });
    assert.deepEqual([memberOf(answer, ['instructions']), memberOf(answer, ['top_p'])], [null, 0.5]);
  });
});
