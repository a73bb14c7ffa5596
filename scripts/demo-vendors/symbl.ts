/** Symbl.ai: token, text with a webhook, job status, messages and more, append, upload, deletion, refusals. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { anyText, listOf, oneOf, type Pattern, UUID } from './pattern.ts';
import type { DemoAnswer, Stage, VendorDemo } from './stage.ts';

const NUMBER = /^\d{16}$/;
const SUBMITTED: Pattern = { conversationId: NUMBER, jobId: UUID };
const WEBHOOK_MS_MAX = 10_000;

const MESSAGES = [
  {
    payload: {
      content: 'Please send the report by Friday. Is the report ready? It is a great report.',
      contentType: 'text/plain',
    },
    from: { name: 'Ana', userId: 'ana@example.com' },
    duration: { startTime: '2024-05-01T09:00:00.000Z', endTime: '2024-05-01T09:00:08.000Z' },
  },
];

export const symblDemo: VendorDemo = {
  dialect: 'symbl',
  title: 'Symbl.ai',
  async play(stage) {
    const headers = { Authorization: `Bearer ${await token(stage)}` };
    const { conversationId } = await text(stage, headers);
    await read(stage, headers, conversationId);
    await manage(stage, headers, conversationId);
    await append(stage, headers, conversationId);
    await preflight(stage);
    await audio(stage, headers);
    await removed(stage, headers, conversationId);
    await refusals(stage, headers);
  },
};

type Headers = Readonly<Record<string, string>>;

async function token(stage: Stage): Promise<string> {
  stage.say('App credentials are exchanged for a token; while it is valid, the same comes again.');
  const json = { type: 'application', appId: 'app1', appSecret: stage.key };
  const request = {
    method: 'POST',
    path: '/oauth2/token:generate',
    json,
    shown: '{"type":"application","appId":"app1","appSecret":"…"}',
  } as const;
  const expected = {
    status: 200,
    json: { accessToken: /^[^.]+\.[^.]+\.[^.]+$/, expiresIn: (value: unknown) => Number(value) > 86_000 },
  };
  const first = await stage.exchange(request, expected);
  const second = await stage.exchange(request, expected);
  const { accessToken } = first.json as { accessToken: string };
  stage.check('the same token came again', (second.json as { accessToken: string }).accessToken === accessToken);
  return accessToken;
}

async function text(stage: Stage, headers: Headers): Promise<{ conversationId: string }> {
  stage.say('A text is submitted with a webhook, and its job is polled with the example request of the documentation.');
  const hook = await startHook();
  const trackers = [{ name: 'Reports', vocabulary: ['great report', 'paper'] }];
  const json = { name: 'Standup', detectPhrases: 'true', webhookUrl: hook.url, trackers, messages: MESSAGES };
  const submitted = await stage.exchange(
    { method: 'POST', path: '/v1/process/text', headers, json },
    { status: 201, json: SUBMITTED },
  );
  const { conversationId, jobId } = submitted.json as { conversationId: string; jobId: string };
  await completed(stage, headers, jobId);
  const calls = await hook.called(3);
  const expected = ['scheduled', 'in_progress', 'completed'].map((status) => ({ jobId, id: jobId, status }));
  stage.check('the webhook was called for each change, in order', JSON.stringify(calls) === JSON.stringify(expected));
  hook.close();
  return { conversationId };
}

async function completed(stage: Stage, headers: Headers, jobId: string): Promise<void> {
  const isDone = ({ json }: DemoAnswer) => /completed|failed/.test((json as { status: string }).status);
  const json = { id: jobId, status: 'completed' };
  await stage.poll({ path: `/v1/job/${jobId}`, headers: { ...headers, 'Content-Type': 'application/json' } }, isDone, {
    status: 200,
    json,
  });
}

async function read(stage: Stage, headers: Headers, id: string): Promise<void> {
  stage.say('The conversation is read: a message per sentence, questions, topics, members.');
  const path = `/v1/conversations/${id}`;
  const from: Pattern = { id: UUID, name: 'Ana', email: 'ana@example.com' };
  const message: Pattern = {
    ...{ id: anyText, text: anyText, from, startTime: anyText, endTime: anyText },
    ...{ timeOffset: (value: unknown) => Number(value) >= 0, duration: (value: unknown) => Number(value) > 0 },
    ...{ conversationId: id, phrases: [] },
    sentiment: {
      polarity: { score: (value: unknown) => typeof value === 'number' },
      suggested: oneOf('positive', 'neutral', 'negative'),
    },
  };
  await stage.exchange(
    { path: `${path}/messages?sentiment=true`, headers },
    { status: 200, json: { messages: listOf(message, 3) } },
  );
  const question: Pattern = {
    id: anyText,
    text: 'Is the report ready?',
    type: 'question',
    score: 1,
    messageIds: listOf(anyText, 1),
    from: { id: UUID, name: 'Ana', userId: 'ana@example.com' },
  };
  await stage.exchange({ path: `${path}/questions`, headers }, { status: 200, json: { questions: [question] } });
  await stage.exchange(
    { path: `${path}/topics`, headers },
    { status: 200, check: ({ text: body }) => (body.includes('"text":"report"') ? null : 'the topic is missing') },
  );
  await stage.exchange({ path: `${path}/members`, headers }, { status: 200, json: { members: [from] } });
}

async function manage(stage: Stage, headers: Headers, id: string): Promise<void> {
  stage.say('Trackers and analytics are read, a member is renamed, and the conversation is found in the list.');
  const path = `/v1/conversations/${id}`;
  const places = listOf({ id: anyText, text: 'It is a great report.', offset: 8 }, 1);
  const match: Pattern = { type: 'vocabulary', value: 'great report', messageRefs: places, insightRefs: [] };
  await stage.exchange(
    { path: `${path}/trackers-detected`, headers },
    { status: 200, json: [{ id: anyText, name: 'Reports', matches: [match] }] },
  );
  await stage.exchange(
    { path: `${path}/analytics`, headers },
    {
      status: 200,
      check: ({ json }) => {
        const { metrics } = json as { metrics: { type: string; seconds: number }[] };
        const said = metrics.map(({ type, seconds }) => `${type} ${seconds}`).join(', ');
        return said === 'total_silence 0, total_talk_time 8, total_overlap 0' ? null : said;
      },
    },
  );
  const members = await stage.exchange({ path: `${path}/members`, headers }, { status: 200 });
  const member = (members.json as { members: { id: string }[] }).members[0]?.id ?? '';
  const json = { id: member, name: 'Ana B.', email: 'ana@example.com' };
  await stage.exchange(
    { method: 'PUT', path: `${path}/members/${member}`, headers, json },
    { status: 200, json: { message: /updated successfully/ } },
  );
  await stage.exchange(
    { path: '/v1/conversations?order=desc&sort=conversation.startTime&limit=1', headers },
    { status: 200, check: ({ text: body }) => (body.includes('"name":"Ana B."') ? null : 'the member is not renamed') },
  );
}

async function preflight(stage: Stage): Promise<void> {
  stage.say('A browser app of another origin asks whether it may.');
  await stage.exchange(
    {
      method: 'OPTIONS',
      path: '/v1/process/text',
      headers: { Origin: 'https://app.example.org', 'Access-Control-Request-Method': 'POST' },
    },
    { status: 204 },
  );
}

async function append(stage: Stage, headers: Headers, id: string): Promise<void> {
  stage.say('More text is appended: the same conversation, another job.');
  const json = { messages: [{ payload: { content: 'Sent.' } }] };
  const answer = await stage.exchange(
    { method: 'PUT', path: `/v1/process/text/${id}`, headers, json },
    { status: 201, json: { conversationId: id, jobId: UUID } },
  );
  await completed(stage, headers, (answer.json as { jobId: string }).jobId);
  await stage.exchange(
    { path: `/v1/conversations/${id}/messages`, headers },
    {
      status: 200,
      check: ({ json: body }) =>
        (body as { messages: object[] }).messages.length === 4 ? null : 'there are not four messages',
    },
  );
}

async function audio(stage: Stage, headers: Headers): Promise<void> {
  stage.say('Two seconds of audio, uploaded in chunks without a length.');
  const wav = waveOf(2);
  const body = new ReadableStream({
    start(controller) {
      for (let offset = 0; offset < wav.length; offset += 8_192)
        controller.enqueue(wav.subarray(offset, offset + 8_192));
      controller.close();
    },
  });
  const request = {
    method: 'POST',
    path: '/v1/process/audio?name=Call',
    headers: { ...headers, 'Content-Type': 'audio/wav' },
    body,
    shown: `${wav.length} bytes of audio`,
  } as const;
  const answer = await stage.exchange(request, { status: 201, json: SUBMITTED });
  const { conversationId, jobId } = answer.json as { conversationId: string; jobId: string };
  await completed(stage, headers, jobId);
  await stage.exchange(
    { path: `/v1/conversations/${conversationId}/messages`, headers },
    {
      status: 200,
      check: ({ text: messages }) =>
        messages.includes('Second 2 peaks at 12000.') ? null : 'the audio was not measured',
    },
  );
}

async function removed(stage: Stage, headers: Headers, id: string): Promise<void> {
  stage.say('The conversation is deleted.');
  const path = `/v1/conversations/${id}`;
  await stage.exchange(
    { method: 'DELETE', path, headers },
    { status: 200, json: { message: 'successfully deleted the conversation' } },
  );
  await stage.exchange(
    { path, headers },
    { status: 404, json: { message: 'The conversationId is either invalid or does not exist.' } },
  );
}

async function refusals(stage: Stage, headers: Headers): Promise<void> {
  stage.say('Refusals are messages.');
  const id = '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d';
  await stage.exchange(
    { path: `/v1/job/${id}`, headers },
    { status: 404, json: { message: `Job with id ${id} not found` } },
  );
  await stage.exchange(
    { path: `/v1/job/${id}` },
    { status: 401, json: { message: 'Token validation failed for provided token.' } },
  );
  await stage.exchange(
    { method: 'POST', path: '/v1/process/text', headers, json: { messages: [] } },
    { status: 400, json: { message: anyText } },
  );
  const video = {
    method: 'POST',
    path: '/v1/process/video/url',
    headers,
    json: { url: 'https://example.org/a.mp4' },
  } as const;
  await stage.exchange(video, { status: 400, json: { message: /video is not configured/ } });
}

/** A 16-bit mono tone. */
function waveOf(seconds: number): Uint8Array<ArrayBuffer> {
  const rate = 8_000;
  const samples = rate * seconds;
  const bytes = Buffer.alloc(44 + samples * 2);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(36 + samples * 2, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(rate * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(samples * 2, 40);
  for (let at = 0; at < samples; at += 1)
    bytes.writeInt16LE(Math.round(12_000 * Math.sin((2 * Math.PI * at) / 16)), 44 + at * 2);
  return new Uint8Array(bytes);
}

/** A program on this machine that is called back. */
async function startHook() {
  const calls: unknown[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    calls.push(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    response.end();
    server.emit('called');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    async called(count: number): Promise<readonly unknown[]> {
      const signal = AbortSignal.timeout(WEBHOOK_MS_MAX);
      while (calls.length < count && !signal.aborted) await once(server, 'called', { signal }).catch(() => undefined);
      return calls;
    },
    close: () => server.close(),
  };
}
