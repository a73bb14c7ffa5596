/** Symbl.ai under the suite of all dialects, and what is the vendor's alone. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Type } from 'typebox';
import {
  complaintAboutJson,
  createWorker,
  type DialectAdapter,
  jsonOf,
  memberOf,
  openRig,
  type Rig,
  stageJob,
  TEST_TYPE,
  testDialect,
} from '../contract-suite.ts';
import { READINGS } from './answers.ts';
import { symbl } from './index.ts';
import { CONVERSATION_TAG } from './mapping.ts';
import { DEFAULT_OPTIONS, type SymblOptions } from './options.ts';

const TEXT = '/v1/process/text';
const post = (path: string, json: object) => ({ method: 'POST', path, json: json as never });
const message = (content: string, name = 'Ana') => ({
  payload: { content, contentType: 'text/plain' },
  from: { name, userId: `${name.toLowerCase()}@example.com` },
  duration: { startTime: '2024-05-01T09:00:00.000Z', endTime: '2024-05-01T09:00:04.000Z' },
});
const MEETING = { name: 'Standup', messages: [message('Please send the report by Friday.')] };

const Refusal = Type.Object(
  { message: Type.String({ minLength: 1 }), statusCode: Type.Optional(Type.Integer()) },
  { additionalProperties: false },
);

const adapter: DialectAdapter<SymblOptions> = {
  options: { ...DEFAULT_OPTIONS, text: { type: TEST_TYPE }, audio: { type: TEST_TYPE }, startWaitMs: 0 },
  async credentials(key, send) {
    const credentials = { type: 'application', appId: 'app1', appSecret: key };
    const answer = await send(post('/oauth2/token:generate', credentials));
    return { authorization: `Bearer ${memberOf(answer, ['accessToken']) ?? key}` };
  },
  start: post(TEXT, MEETING),
  inner: (json) => [{ ...post(TEXT, MEETING), path: `${TEXT}?customVocabulary=${encodeURIComponent(json)}` }],
  started: (answer) => memberOf(answer, ['jobId']) as string | undefined,
  read: ({ id }) => ({ method: 'GET', path: `/v1/job/${id}` }),
  word: (answer) => memberOf(answer, ['status']) as string | undefined,
  succeeded: (answer, { id }) => assert.equal(answer.text, `{"id":"${id}","status":"completed"}`),
  unknown(answer) {
    assert.equal(answer.status, 404);
    assert.match(answer.text, /^\{"message":"Job with id .* not found"\}$/);
  },
  hold: null,
  async readings(send) {
    const id = String(memberOf(await send(post(TEXT, MEETING)), ['conversationId']));
    const path = `/v1/conversations/${id}`;
    const names = ['', ...Object.keys(READINGS).map((name) => `/${name}`), '/messages?sentiment=true&verbose=true'];
    return {
      submit: { tags: { [CONVERSATION_TAG]: id } },
      requests: () => [
        ...[...names.map((name) => `${path}${name}`), '/v1/conversations'].map((path) => ({ method: 'GET', path })),
        ...['text/markdown', 'text/srt'].map((contentType) => post(`${path}/transcript`, { contentType })),
      ],
    };
  },
  together: (_jobs, { submit }) => {
    const id = submit?.tags?.[CONVERSATION_TAG] ?? '';
    const path = `/v1/conversations/${id}`;
    return [
      {
        request: { method: 'GET', path: `${path}/messages` },
        of: (answer) =>
          (memberOf(answer, ['messages']) as { text: string }[]).find(({ text }) => text === 'Good words.'),
      },
      {
        request: { method: 'GET', path: `${path}/topics` },
        of: (answer) => (memberOf(answer, ['topics']) as object[])[0],
      },
      {
        request: post(`${path}/transcript`, { contentType: 'text/markdown' }),
        of: (answer) => (/\*\*Ana\*\*\n\nGood words\./.test(answer.text.replaceAll('\\n', '\n')) ? 'there' : undefined),
      },
      {
        request: { method: 'GET', path: '/v1/conversations' },
        of: (answer) =>
          (memberOf(answer, ['conversations']) as { id: string; startTime: string }[]).find((one) => one.id === id)
            ?.startTime,
      },
    ];
  },
  cancel: null,
  refused: [
    { title: 'a text without messages', request: post(TEXT, {}), status: 400 },
    { title: 'an empty list of messages', request: post(TEXT, { messages: [] }), status: 400 },
    { title: 'a message without content', request: post(TEXT, { messages: [{ payload: {} }] }), status: 400 },
    { title: 'a message with empty content', request: post(TEXT, { messages: [message(' ')] }), status: 400 },
    { title: 'content that is no text', request: post(TEXT, { messages: [{ payload: { content: 5 } }] }), status: 400 },
    { title: 'a webhook of another scheme', request: post(TEXT, { ...MEETING, webhookUrl: 'ftp://x' }), status: 400 },
    {
      title: 'broken JSON',
      request: { method: 'POST', path: TEXT, body: '{', headers: { 'content-type': 'application/json' } },
      status: 400,
    },
    { title: 'no body', request: { method: 'POST', path: TEXT }, status: 400 },
    { title: 'audio of no bytes', request: { method: 'POST', path: '/v1/process/audio' }, status: 400 },
    {
      title: 'video that nobody processes',
      request: { method: 'POST', path: '/v1/process/video', body: 'x' },
      status: 400,
    },
    { title: 'audio without an address', request: post('/v1/process/audio/url', {}), status: 400 },
    {
      title: 'audio at no web address',
      request: post('/v1/process/audio/url', { url: 'file:///etc/passwd' }),
      status: 400,
    },
    {
      title: 'an append to nothing',
      request: { method: 'PUT', path: `${TEXT}/1234567890123456`, json: MEETING as never },
      status: 404,
    },
    {
      title: 'messages of nothing',
      request: { method: 'GET', path: '/v1/conversations/1234567890123456/messages' },
      status: 404,
    },
    { title: 'an id of another form', request: { method: 'GET', path: '/v1/conversations/abc' }, status: 404 },
    { title: 'a limit that is no number', request: { method: 'GET', path: '/v1/conversations?limit=x' }, status: 400 },
    {
      title: 'credentials of nobody',
      request: post('/oauth2/token:generate', { type: 'application', appId: 'a', appSecret: 'b' }),
      status: 401,
    },
    {
      title: 'credentials without a secret',
      request: post('/oauth2/token:generate', { type: 'application', appId: 'a' }),
      status: 400,
    },
    {
      title: 'credentials of another type',
      request: post('/oauth2/token:generate', { type: 'password', appId: 'a', appSecret: 'b' }),
      status: 400,
    },
  ],
  complaint(answer) {
    // A preflight.
    if (answer.status === 204) return answer.text === '' ? null : 'there is a body';
    const isFine = answer.status === 200 || answer.status === 201;
    if (isFine) return jsonOf(answer) === undefined ? `the body is no JSON: ${answer.text}` : null;
    return complaintAboutJson(answer, Refusal);
  },
  fuzz: {
    query: {
      webhookUrl: ['x', 'http://127.0.0.1:9/'],
      enableSummary: ['true', 'x'],
      limit: ['1', '-1', 'x'],
      offset: ['0', '9'],
    },
    bodies: [
      { ...MEETING, detectPhrases: 'true' } as never,
      { url: 'https://example.org/a.mp3', customVocabulary: ['a'] },
      { type: 'application', appId: 'a', appSecret: 'b', AuthURI: '' },
    ],
  },
  golden: new URL('./golden/', import.meta.url),
  volatile: [{ name: 'number', pattern: /\b\d{16}\b/g }],
  goldenHeaders: ['access-control-allow-origin'],
};

testDialect(symbl, adapter);

/** Resolves when the file is not there any more; it goes a moment after its job was recorded. */
async function gone(file: string): Promise<void> {
  const watcher = watch(dirname(file));
  const signal = AbortSignal.timeout(10_000);
  while ((await readdir(dirname(file))).includes(basename(file))) await once(watcher, 'change', { signal });
  watcher.close();
}

describe('Symbl.ai', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig(symbl, adapter);
  });
  after(() => rig.close());
  const get = (path: string) => rig.send({ method: 'GET', path });
  const process = async (json: object, path = TEXT, method = 'POST') =>
    jsonOf(await rig.send({ method, path, json: json as never })) as { conversationId: string; jobId: string };
  const finishNext = async (result: unknown) => {
    const worker = createWorker(rig.engine, rig.tenant);
    await worker.succeed(await worker.claim(TEST_TYPE), result as never);
  };

  it('a conversation is answered early, and complete once its job is', async () => {
    const { conversationId } = await process(MEETING);
    const path = `/v1/conversations/${conversationId}`;
    assert.deepEqual(jsonOf(await get(`${path}/messages`)), { messages: [] });
    assert.equal((await get(`${path}/summary`)).status, 404);
    await finishNext({ messages: [message('Hello there! How are you? I am great.'), message('Is it late?', 'Bob')] });
    const { messages } = jsonOf(await get(`${path}/messages?sentiment=true&verbose=true`)) as {
      messages: {
        text: string;
        from: object;
        timeOffset: number;
        duration: number;
        sentiment: { suggested: string };
        words: object[];
      }[];
    };
    assert.deepEqual(
      messages.map(({ text }) => text),
      ['Hello there!', 'How are you?', 'I am great.', 'Is it late?'],
    );
    assert.equal(messages[2]?.sentiment.suggested, 'positive');
    assert.equal(messages[0]?.words.length, 2);
    assert.ok(messages.every(({ duration }) => duration > 0));
    const questions = memberOf(await get(`${path}/questions`), ['questions']) as { text: string }[];
    assert.deepEqual(
      questions.map(({ text }) => text),
      ['How are you?', 'Is it late?'],
    );
    const members = memberOf(await get(`${path}/members`), ['members']) as { name: string; email: string }[];
    assert.deepEqual(
      members.map(({ name, email }) => [name, email]),
      [
        ['Ana', 'ana@example.com'],
        ['Bob', 'bob@example.com'],
      ],
    );
    assert.deepEqual(jsonOf(await get(`${path}/summary`)), { summary: [] });
    assert.equal(memberOf(await get(path), ['name']), 'Standup');
    const markdown = await rig.send(post(`${path}/transcript`, { contentType: 'text/markdown' }));
    assert.match(
      String(memberOf(markdown, ['transcript', 'payload'])),
      /^\*\*Ana\*\*\n\nHello there! How are you\? I am great\.\n\n\*\*Bob\*\*/,
    );
    const srt = await rig.send(post(`${path}/transcript`, { contentType: 'text/srt' }));
    assert.match(String(memberOf(srt, ['transcript', 'payload'])), /^1\n00:00:00,000 --> 00:00:/);
  });

  it('jobs of one conversation run one after another, in the order of their arrival', async () => {
    const worker = createWorker(rig.engine, rig.tenant);
    const first = await process(MEETING);
    const second = await process(MEETING, `${TEXT}/${first.conversationId}`, 'PUT');
    assert.equal(second.conversationId, first.conversationId);
    assert.notEqual(second.jobId, first.jobId);
    const held = await worker.claim(TEST_TYPE);
    assert.equal(held.id, first.jobId);
    await assert.rejects(worker.claim(TEST_TYPE));
    assert.equal(memberOf(await get(`/v1/job/${second.jobId}`), ['status']), 'scheduled');
    await worker.succeed(held, [message('One.')] as never);
    assert.equal((await worker.claim(TEST_TYPE)).id, second.jobId);
  });

  it('an upload is streamed to a file for its job, chunked too, and dropped when that has succeeded', async () => {
    const body = Buffer.alloc(300_000, 7);
    const upload = {
      method: 'POST',
      path: '/v1/process/audio?name=Call&customVocabulary=["a","b"]&detectPhrases=true',
      body,
    };
    const answer = await rig.send({ ...upload, headers: { 'content-type': 'audio/wav' } });
    assert.equal(answer.status, 201, answer.text);
    const { jobId } = jsonOf(answer) as { jobId: string };
    const input = JSON.parse((await rig.engine.readInput(rig.tenant, jobId)) ?? '');
    assert.deepEqual(await readFile(input.file), body);
    assert.deepEqual([input.contentType, input.bytes, input.medium], ['audio/wav', 300_000, 'audio']);
    assert.deepEqual(input.options, { name: 'Call', customVocabulary: ['a', 'b'], detectPhrases: true });
    const worker = createWorker(rig.engine, rig.tenant);
    let held = await worker.claim(TEST_TYPE);
    while (held.id !== jobId) {
      await worker.succeed(held, null);
      held = await worker.claim(TEST_TYPE);
    }
    await worker.succeed(held, { segments: [{ text: 'Spoken words.', start: 1, end: 2.5, speaker: 'A' }] } as never);
    const { conversationId } = jsonOf(answer) as { conversationId: string };
    const messages = memberOf(await get(`/v1/conversations/${conversationId}/messages`), ['messages']) as {
      text: string;
      duration: number;
    }[];
    assert.deepEqual([messages[0]?.text, messages[0]?.duration], ['Spoken words.', 1.5]);
    await gone(input.file);
  });

  it('the same token comes again with fewer seconds, and is replaced when it is all but over', async () => {
    const credentials = post('/oauth2/token:generate', {
      type: 'application',
      appId: 'x',
      appSecret: rig.keys.owner,
      AuthURI: '',
    });
    const first = jsonOf(await rig.send(credentials, 'nobody')) as { accessToken: string; expiresIn: number };
    assert.equal(first.expiresIn, 86_400);
    assert.equal(first.accessToken.split('.').length, 3);
    rig.clock.advance(60_000);
    const second = jsonOf(await rig.send(credentials, 'nobody')) as typeof first;
    assert.deepEqual([second.accessToken, second.expiresIn], [first.accessToken, 86_340]);
    const byApiKey = await rig.send(
      { method: 'GET', path: '/v1/conversations', headers: { 'x-api-key': first.accessToken } },
      'nobody',
    );
    assert.equal(byApiKey.status, 200);
    const misspelled = { authorization: `Berar ${first.accessToken}`, 'x-api-key': first.accessToken };
    const byEither = await rig.send({ method: 'GET', path: '/v1/conversations', headers: misspelled }, 'nobody');
    assert.equal(byEither.status, 200, 'an Authorization of no known scheme yields to the API key');
    const foreign = { authorization: 'Bearer x', 'x-api-key': first.accessToken };
    const byBearer = await rig.send({ method: 'GET', path: '/v1/conversations', headers: foreign }, 'nobody');
    assert.equal(byBearer.status, 401, 'a bearer counts before the API key');
    rig.clock.advance(86_340_000);
    const third = jsonOf(await rig.send(credentials, 'nobody')) as typeof first;
    assert.notEqual(third.accessToken, first.accessToken);
  });

  it('a deleted conversation takes its finished jobs with it', async () => {
    const { conversationId } = await process(MEETING);
    const path = `/v1/conversations/${conversationId}`;
    const other = await rig.send({ method: 'DELETE', path }, 'other');
    assert.equal(other.status, 404);
    const answer = await rig.send({ method: 'DELETE', path });
    assert.equal(answer.text, '{"message":"successfully deleted the conversation"}');
    assert.equal((await get(path)).status, 404);
    assert.equal(
      (await rig.send({ method: 'PUT', path: `${TEXT}/${conversationId}`, json: MEETING as never })).status,
      404,
    );
  });

  it('conversations are listed, and keep their metadata', async () => {
    const { conversationId } = await process({ ...MEETING, metadata: { stage: 'one' } });
    const path = `/v1/conversations/${conversationId}`;
    assert.deepEqual(memberOf(await get(path), ['metadata']), { stage: 'one' });
    const put = await rig.send({ method: 'PUT', path, json: { metadata: { stage: 'two' } } });
    assert.deepEqual(memberOf(put, ['metadata']), { stage: 'two' });
    const list = memberOf(await get('/v1/conversations?limit=1'), ['conversations']) as { id: string }[];
    assert.equal(list.length, 1);
  });

  it('trackers and entities are found where the caller named them', async () => {
    const asked = {
      trackers: [{ name: 'Report', vocabulary: ['report', 'paper'] }],
      entities: [{ customType: 'Day', value: 'Fri', text: 'friday' }],
    };
    const { conversationId, jobId } = await process({ ...MEETING, ...asked });
    const worker = createWorker(rig.engine, rig.tenant);
    for (;;) {
      const held = await worker.claim(TEST_TYPE);
      await worker.succeed(held, { messages: MEETING.messages } as never);
      if (held.id === jobId) break;
    }
    const path = `/v1/conversations/${conversationId}`;
    const [tracker] = jsonOf(await get(`${path}/trackers-detected`)) as {
      name: string;
      matches: { value: string }[];
    }[];
    assert.deepEqual([tracker?.name, tracker?.matches.map(({ value }) => value)], ['Report', ['report']]);
    const [entity] = memberOf(await get(`${path}/entities`), ['entities']) as { value: string }[];
    assert.equal(entity?.value, 'Fri');
  });

  it('the status of any job has exactly two fields', async () => {
    for (const state of ['scheduled', 'running', 'failed'] as const) {
      const { job } = await stageJob(rig, state);
      assert.deepEqual(Object.keys(jsonOf(await get(`/v1/job/${job.id}`)) as object), ['id', 'status']);
    }
  });
});

describe('Symbl.ai with two concurrent jobs', () => {
  it('the third is refused with 429 and makes nothing, also when all come at once', async () => {
    const rig = await openRig(symbl, { ...adapter, options: { ...adapter.options, concurrentJobsMax: 2 } });
    const answers = await Promise.all(Array.from({ length: 5 }, () => rig.send(post(TEXT, MEETING))));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 201, 429, 429, 429]);
    const refused = answers.find(({ status }) => status === 429);
    assert.equal(memberOf(refused ?? (answers[0] as never), ['statusCode']), 429);
    assert.match(refused?.text ?? '', /limit of maximum of `2` number of concurrent jobs/);
    const list = memberOf(await rig.send({ method: 'GET', path: '/v1/conversations' }), ['conversations']) as object[];
    assert.equal(list.length, 2);
    await rig.close();
  });
});
