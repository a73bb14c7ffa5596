import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_LIMITS } from '../limits.ts';
import { sampleJob } from '../sample-job.ts';
import { STORED_STATES } from '../state.ts';
import { type Endpoint, isWanted, rotated, secretsInForce } from './endpoint.ts';
import { EVENT_WORDS, eventWordOf, FINAL_WORDS, isEventWord, kindsOf } from './event-words.ts';
import { PAUSE_MS_MAX, pauseMs } from './schedule.ts';
import { secretBytes, secretText } from './signature.ts';

const ENDPOINT: Endpoint = {
  id: 'a',
  url: 'https://a.example/',
  events: ['job.succeeded'],
  types: [],
  tags: {},
  secrets: [{ secret: 'new', until: null }],
  lane: 32,
  createdAt: 0,
  disabled: null,
  failingSince: null,
};

describe('event words', () => {
  it('stand for the states and the changes within them, one to one', () => {
    const kinds = [...STORED_STATES, 'changed'] as const;
    assert.deepEqual(new Set(kinds.map(eventWordOf)), new Set(EVENT_WORDS));
    assert.deepEqual(kindsOf(kinds.map(eventWordOf)), kinds);
    assert.deepEqual(FINAL_WORDS, ['job.succeeded', 'job.failed', 'job.cancelled', 'job.expired']);
    assert.equal(isEventWord('job.done'), false);
  });
});

describe('isWanted', () => {
  const job = { type: 'sleep', tags: { team: 'x', kind: 'y' } };
  const cases: readonly [string, Partial<Endpoint>, boolean][] = [
    ['an event that is asked for', {}, true],
    ['another event', { events: ['job.failed'] }, false],
    ['a type that is asked for', { types: ['other', 'sleep'] }, true],
    ['another type', { types: ['other'] }, false],
    ['all tags that are asked for', { tags: { team: 'x', kind: 'y' } }, true],
    ['one tag of two', { tags: { team: 'x', kind: 'z' } }, false],
    ['a tag by a name of every object', { tags: { constructor: 'x' } }, false],
    ['an endpoint that is disabled', { disabled: { at: 1, reason: 'gone' } }, false],
  ];
  for (const [name, changes, expected] of cases) {
    it(`is ${expected} for ${name}`, () => {
      assert.equal(isWanted({ ...ENDPOINT, ...changes }, 'job.succeeded', sampleJob(job)), expected);
    });
  }
});

describe('secrets', () => {
  it('sign both until the time of the older one is over', () => {
    const secrets = rotated(rotated(ENDPOINT.secrets, 'newer', 100), 'newest', 200);
    assert.deepEqual(secretsInForce({ secrets }, 199), ['newest', 'newer']);
    assert.deepEqual(secretsInForce({ secrets }, 200), ['newest']);
  });

  it('are whsec_ and 24 to 64 bytes as base64, with or without padding', () => {
    for (const length of [24, 25, 26, 64]) {
      const bytes = Uint8Array.from({ length }, (_, index) => index * 3);
      assert.deepEqual(secretBytes(secretText(bytes)), bytes);
      assert.deepEqual(secretBytes(secretText(bytes).replaceAll('=', '')), bytes);
    }
  });

  for (const text of [
    '',
    'whsec_',
    'secret',
    secretText(new Uint8Array(23)),
    secretText(new Uint8Array(65)),
    `whsec_${'-'.repeat(32)}`,
    `whsec_${'a'.repeat(33)}`,
    `whsec_${'a'.repeat(1e6)}`,
  ]) {
    it(`are not ${JSON.stringify(text.slice(0, 40))} of ${text.length} characters`, () => {
      assert.equal(secretBytes(text), null);
    });
  }
});

describe('pauseMs', () => {
  const pause = (attempt: number, askedMs = 0, random = 0) => pauseMs({ attempt, askedMs }, DEFAULT_LIMITS, random);

  it('spans a day with the tries that a delivery has', () => {
    const pauses = Array.from({ length: DEFAULT_LIMITS.deliveryTriesMax - 1 }, (_, index) => pause(index + 1));
    assert.deepEqual(pauses.slice(0, 3), [5_000, 20_000, 80_000]);
    assert.equal(Math.round(pauses.reduce((sum, ms) => sum + ms, 0) / 3_600_000), 26);
    assert.equal(pause(30), PAUSE_MS_MAX);
  });

  it('keeps to a Retry-After that is longer, up to six hours, and to none that is shorter or no number', () => {
    assert.equal(pause(1, 60_000), 60_000);
    assert.equal(pause(1, 1), 5_000);
    assert.equal(pause(1, -5), 5_000);
    assert.equal(pause(1, Number.NaN), 5_000);
    assert.equal(pause(1, 1e12), PAUSE_MS_MAX);
  });

  it('takes up to a half off at random', () => {
    assert.equal(pause(1, 0, 0.999999999), 2_500);
  });
});
