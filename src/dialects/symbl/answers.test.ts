import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { answerText, type Material, READINGS } from './answers.ts';
import { turnsOf } from './speaker-events.ts';
import { NO_NOTES, type SpeakerNotes } from './speakers.ts';

const BYTES_MAX = 4_000_000;
const NAMES = [...Object.keys(READINGS), 'conversation', 'transcript'];

function materialOf(result: Json, options: Json = {}, notes: SpeakerNotes = NO_NOTES): Material {
  return {
    conversation: { id: '1234567890123456', name: 'x', createdAt: 1_700_000_000_000, metadata: {} },
    notes,
    isFinished: true,
    jobs: [{ jobId: 'j1', result: { kind: 'json', text: JSON.stringify(result) }, input: JSON.stringify({ options }) }],
  };
}

function ask(name: string, material: Material, query: Readonly<Record<string, string>> = {}) {
  return JSON.parse(answerText(material, { name, query, body: null }, BYTES_MAX));
}

const say = (speaker: string, text: string, start: number, end: number) => ({ speaker, text, start, end });

describe('a reading of a conversation', () => {
  it('answers whatever a handler has left, or says that it is too much', () => {
    const member = fc.constantFrom(
      'messages',
      'segments',
      'text',
      'payload',
      'content',
      'from',
      'duration',
      'start',
      'topics',
      'sentiment',
      'polarity',
      'toString',
    );
    const odd = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(1e300, -1e300, 8.64e15, '+275760-09-13', 'A. B? C!', '\ud800'),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 5 }, odd, fc.array(tie('tree')), fc.dictionary(member, tie('tree'))),
    }));
    fc.assert(
      fc.property(tree, tree, (result, options) => {
        const material = materialOf(result as Json, { trackers: options, entities: options } as Json);
        for (const name of NAMES) {
          assert.doesNotThrow(() => ask(name, material, { sentiment: 'true', verbose: 'true' }), name);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('is refused past its budget, before it has made it', () => {
    const many = materialOf('A. '.repeat(100_000));
    const isTooLarge = (error: unknown) => error instanceof BideError && error.code === 'RESULT_TOO_LARGE';
    for (const name of NAMES) assert.throws(() => ask(name, many), isTooLarge, name);
    const words = materialOf('a '.repeat(200_000));
    assert.throws(() => ask('messages', words, { verbose: 'true' }), isTooLarge);
    const crowd = Array.from({ length: 2_000 }, (_, index) => say(`s${index}`, 'x', 0, 10));
    assert.throws(() => ask('analytics', materialOf({ segments: crowd })), isTooLarge);
    const same = { name: 't', vocabulary: Array.from({ length: 20_000 }, () => 'word') };
    assert.throws(() => ask('trackers', materialOf('word '.repeat(1_000), { trackers: [same] })), isTooLarge);
  });

  it('finds 50,000 phrases in 5,000 messages in time that does not follow their product', () => {
    const messages = Array.from({ length: 5_000 }, (_, index) => say('A', `Word${index} here`, index, index + 1));
    const phrases = (count: number) => [{ name: 't', vocabulary: Array.from({ length: count }, (_, n) => `no${n}`) }];
    const timeOf = (count: number) => {
      const material = materialOf({ segments: messages }, { trackers: phrases(count) });
      const began = performance.now();
      ask('trackers', material);
      return performance.now() - began;
    };
    timeOf(10);
    const few = timeOf(500);
    // A hundred times the phrases took a hundred times as long.
    assert.ok(timeOf(50_000) < few * 20);
  });

  it('finds whole words, whatever their case and the signs between them, and each in scripts without spaces', () => {
    const trackers = [{ name: 'T', vocabulary: ['by friday', 'art', '東京'] }];
    const [tracker] = ask(
      'trackers-detected',
      materialOf(['The party is by  FRIDAY.', '私は東京に行く。'], { trackers }),
    );
    assert.deepEqual(
      tracker.matches.map(({ value, messageRefs }: { value: string; messageRefs: { offset: number }[] }) => [
        ...[value, messageRefs.map(({ offset }) => offset)],
      ]),
      [
        ['by friday', [13]],
        ['東京', [2]],
      ],
    );
  });

  it('gives words with all that is documented of them', () => {
    const { messages } = ask('messages', materialOf({ segments: [say('A', 'Yes no', 1, 2.2)] }), { verbose: 'true' });
    assert.deepEqual(messages[0].words[1], {
      ...{ word: 'no', startTime: '2023-11-14T22:13:21.800Z', endTime: '2023-11-14T22:13:22.200Z' },
      ...{ speakerTag: 1, score: 1, timeOffset: 0.8, duration: 0.4 },
    });
  });

  it('gives analytics by the rules of the documented example', () => {
    const segments = [say('A', 'one two three', 0, 6), say('B', 'four', 4, 8), say('A', 'five six', 10, 12)];
    const { metrics, members } = ask('analytics', materialOf({ segments }));
    assert.deepEqual(metrics, [
      { type: 'total_silence', percent: 14.286, seconds: 2 },
      { type: 'total_talk_time', percent: 85.714, seconds: 12 },
      { type: 'total_overlap', percent: 16.667, seconds: 2 },
    ]);
    const [a, b] = members;
    assert.deepEqual(a.pace, { wpm: 38 });
    assert.deepEqual(a.talkTime, { percentage: 66.667, seconds: 8 });
    assert.deepEqual(a.listenTime, { percentage: 33.333, seconds: 4 });
    assert.deepEqual(a.overlap, {
      overlapDuration: 2,
      overlappingMembers: [{ id: b.id, name: 'B', percent: 16.667, seconds: 2 }],
    });
  });

  it('tells how topics sound from the sentences that speak of them, and leaves the word of a handler', () => {
    const topics = [{ text: 'report' }, { text: 'day' }, { text: 'x', sentiment: { polarity: { score: -1 } } }];
    const result = { messages: ['The report is great.', 'A terrible day.'], topics };
    const answer = ask('topics', materialOf(result), { sentiment: 'true' });
    assert.deepEqual(
      answer.topics.map(({ sentiment }: { sentiment: { suggested?: string } }) => sentiment.suggested),
      ['positive', 'negative', undefined],
    );
    assert.equal(ask('topics', materialOf(result)).topics[0].sentiment, undefined);
  });

  it('names members as the caller has, and gives what was said to who spoke then', () => {
    const segments = [say('A', 'One.', 0, 5), say('B', 'Two?', 10, 15)];
    const [first] = ask('members', materialOf({ segments })).members;
    assert.match(first.id, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const renamed = { ...NO_NOTES, members: { [first.id]: { name: 'Ana', email: 'ana@example.com' } } };
    assert.deepEqual(ask('members', materialOf({ segments }, {}, renamed)).members[0], {
      ...{ id: first.id, name: 'Ana', email: 'ana@example.com' },
    });
    const event = (type: string, id: string, seconds: number) => ({
      type,
      user: { id, name: id },
      offset: { seconds },
    });
    const turns = turnsOf([event('started_speaking', 'Derek', 8), event('stopped_speaking', 'Derek', 20)] as Json);
    const { questions } = ask('questions', materialOf({ segments }, {}, { ...NO_NOTES, turns }));
    assert.equal(questions[0].from.name, 'Derek');
    const { messages } = ask('messages', materialOf({ segments }, {}, { ...NO_NOTES, turns }));
    assert.equal(messages[0].from.name, 'A');
  });
});
