import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openSymbl, type SymblRig } from '../../../test/dialects/symbl-rig.ts';
import { jsonOf, memberOf } from '../contract-suite.ts';

const DAY_MS = 86_400_000;
const text = (content: string, more: object = {}) => ({
  ...more,
  messages: [{ payload: { content }, from: { name: 'Ana', userId: 'ana@example.com' } }],
});

interface Listed {
  readonly conversations: readonly { readonly id: string; readonly name: string; readonly members: object[] }[];
}

describe('the list of conversations', () => {
  let rig: SymblRig;
  const names = async (query = '') =>
    ((await rig.read(`/v1/conversations${query}`)) as unknown as Listed).conversations.map(({ name }) => name);
  before(async () => {
    rig = await openSymbl();
    for (const name of ['old', 'c', 'a', 'b']) {
      const { conversationId } = await rig.submit(text('Hi.', { name }));
      await rig.finish({ segments: [{ text: `I am ${name}.`, start: 1, end: 2, speaker: 'A' }] });
      assert.equal(memberOf(await rig.get(`/v1/conversations/${conversationId}`), ['name']), name);
      rig.clock.advance(name === 'old' ? 8 * DAY_MS : DAY_MS / 2);
    }
  });
  after(() => rig.close());

  it('is of the last seven days, the oldest first, unless told', async () => {
    assert.deepEqual(await names(), ['c', 'a', 'b']);
    assert.deepEqual(await names('?order=desc'), ['b', 'a', 'c']);
    assert.deepEqual(await names('?sort=conversation.name'), ['a', 'b', 'c']);
    assert.deepEqual(await names('?sort=conversation.name&order=desc&limit=2'), ['c', 'b']);
    assert.deepEqual(await names('?limit=1&offset=1'), ['a']);
    assert.deepEqual(await names('?order=desc&limit=1&offset=1'), ['a']);
    assert.deepEqual(await names('?limit=0'), []);
  });

  it('keeps to the times asked for', async () => {
    const at = (ms: number) => encodeURIComponent(new Date(rig.clock.now() + ms).toISOString());
    assert.deepEqual(await names(`?startTime=${at(-30 * DAY_MS)}`), ['old', 'c', 'a', 'b']);
    assert.deepEqual(await names(`?startTime=${at(-1.1 * DAY_MS)}`), ['a', 'b']);
    assert.deepEqual(await names(`?endTime=${at(-5 * DAY_MS)}`), ['old']);
    assert.deepEqual(await names(`?startTime=${at(-30 * DAY_MS)}&endTime=${at(-5 * DAY_MS)}`), ['old']);
  });

  it('gives each as its single read does', async () => {
    const { conversations } = (await rig.read('/v1/conversations')) as unknown as Listed;
    for (const one of conversations) {
      assert.equal(one.members.length, 1);
      assert.deepEqual(one, await rig.read(`/v1/conversations/${one.id}`));
    }
  });

  it('refuses what it does not understand', async () => {
    for (const query of [
      'order=up',
      'sort=size',
      'startTime=x',
      'endTime=12',
      'startTime=2030-01-01&endTime=2020-01-01',
    ]) {
      assert.equal((await rig.get(`/v1/conversations?${query}`)).status, 400, query);
    }
  });
});

describe('a conversation', () => {
  let rig: SymblRig;
  before(async () => {
    rig = await openSymbl({ limits: { jobsPerCallMax: 2 } });
  });
  after(() => rig.close());
  const put = (path: string, json: object) => rig.send({ method: 'PUT', path, json: json as never });

  it('has its members renamed, in every reading', async () => {
    const { conversationId } = await rig.submit(text('Hi.'));
    await rig.finish([{ text: 'Is it late?', speaker: 'Speaker 1' }]);
    const path = `/v1/conversations/${conversationId}`;
    const [member] = memberOf(await rig.get(`${path}/members`), ['members']) as { id: string }[];
    const answer = await put(`${path}/members/${member?.id}`, {
      id: member?.id,
      name: 'Ana',
      email: 'ana@example.com',
    });
    assert.equal(answer.status, 200, answer.text);
    assert.match(answer.text, /^\{"message":"Member with id: .* updated successfully! The update should be reflected/);
    const questions = memberOf(await rig.get(`${path}/questions`), ['questions']) as { from: object }[];
    assert.deepEqual(questions[0]?.from, { id: member?.id, name: 'Ana', userId: 'ana@example.com' });
    const stranger = await put(`${path}/members/00000000-0000-4000-8000-000000000000`, { name: 'Bob' });
    assert.equal(stranger.status, 404);
    assert.equal((await put(`${path}/members/${member?.id}`, { name: 'x'.repeat(501) })).status, 400);
  });

  it('is told afterwards who spoke when', async () => {
    const { conversationId } = await rig.submit(text('Hi.'));
    await rig.finish({ segments: [{ text: 'One.', start: 0, end: 4 }] });
    const path = `/v1/conversations/${conversationId}`;
    const user = { id: '4194eb50-357d-4712-a02d-94215ead1064', name: 'Derek', email: 'Derek@example.com' };
    const speakerEvents = [{ type: 'started_speaking', user, offset: { seconds: 0, nanos: 0 } }];
    assert.equal((await put(`${path}/speakers`, { speakerEvents })).status, 200);
    assert.deepEqual(memberOf(await rig.get(`${path}/members`), ['members']), [user]);
    assert.equal((await put(`${path}/speakers`, { speakerEvents: [{ type: 'sang' }] })).status, 400);
  });

  it('takes as many jobs as a reading goes over, and says so', async () => {
    const { conversationId } = await rig.submit(text('One.'));
    const path = `/v1/process/text/${conversationId}`;
    await rig.submit(text('Two.'), path, 'PUT');
    const refused = await put(path, text('Three.'));
    assert.equal(refused.status, 400);
    assert.match(refused.text, /jobsPerCallMax/);
  });

  it('bounds what is kept of a caller: app ids, names, metadata, phrases', async () => {
    const credentials = { type: 'application', appId: 'a'.repeat(257), appSecret: rig.keys.owner };
    const token = await rig.send({ method: 'POST', path: '/oauth2/token:generate', json: credentials }, 'nobody');
    assert.equal(token.status, 400);
    assert.match(token.text, /appId/);
    const wide = [
      { name: 'x'.repeat(501) },
      { metadata: { x: 'x'.repeat(16_384) } },
      { trackers: [{ name: 'x', vocabulary: ['a '.repeat(21)] }] },
    ];
    for (const more of wide) {
      const refused = await rig.send({ method: 'POST', path: '/v1/process/text', json: text('Hi.', more) as never });
      assert.equal(refused.status, 400, refused.text);
    }
  });
});

describe('a conversation whose jobs are gone', () => {
  it('goes too, with the next submits, and those that still have one stay', async () => {
    const rig = await openSymbl({ options: { retainMs: DAY_MS } });
    const statusOf = async (id: string) => (await rig.get(`/v1/conversations/${id}`)).status;
    const unfinished: string[] = [];
    const over: string[] = [];
    const end = async (jobId: string) => {
      await rig.engine.cancel(rig.tenant, jobId);
      await rig.engine.remove(rig.tenant, jobId);
    };
    try {
      for (const isKept of [false, true, true, true, true, true, false, false]) {
        const { conversationId, jobId } = await rig.submit(text('Hi.'));
        if (!isKept) await end(jobId);
        (isKept ? unfinished : over).push(conversationId);
        rig.clock.advance(1);
      }
      const { conversationId: young, jobId } = await rig.submit(text('Hi.'));
      await end(jobId);
      rig.clock.advance(DAY_MS - 1);
      for (const id of over) assert.equal(await statusOf(id), 200, 'until somebody comes');
      for (let submit = 0; submit < 2; submit += 1) await rig.submit(text('Hi.'));
      assert.deepEqual(await Promise.all(over.map(statusOf)), [404, 404, 404]);
      assert.deepEqual(await Promise.all([...unfinished, young].map(statusOf)), Array(6).fill(200));
    } finally {
      await rig.close();
    }
  });
});

describe('a long conversation', () => {
  it('is read beside everybody else, in full, and not beyond what one answer may take', async () => {
    const rig = await openSymbl({ options: { readBytesMax: 4_000_000 } });
    try {
      const { conversationId, jobId } = await rig.submit(text('Hi.'));
      await rig.finish('One more sentence. '.repeat(5_000));
      const path = `/v1/conversations/${conversationId}`;
      let isOver = false;
      let longestMs = 0;
      const began = performance.now();
      const reading = rig.get(`${path}/messages`).finally(() => {
        isOver = true;
      });
      for (let before = began; !isOver; before = performance.now()) {
        await new Promise(setImmediate);
        longestMs = Math.max(longestMs, performance.now() - before);
      }
      const answer = await reading;
      assert.equal((jsonOf(answer) as { messages: object[] }).messages.length, 5_000);
      // Read where everybody is answered, it is one pause from its beginning to its end.
      assert.ok(longestMs < (performance.now() - began) * 0.7);
      await rig.submit(text('Hi.'), `/v1/process/text/${conversationId}`, 'PUT');
      await rig.finish('A. '.repeat(20_000));
      const refused = await rig.get(`${path}/messages`);
      assert.equal(refused.status, 413);
      assert.match(refused.text, /readBytesMax/);
      assert.equal((await rig.get(`/v1/job/${jobId}`)).status, 200);
    } finally {
      await rig.close();
    }
  });
});
