import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job, Json } from '../../core/job.ts';
import { sampleJob } from '../../core/sample-job.ts';
import type { ToldEvent } from '../../engine/api.ts';
import { DIALECT } from './mapping.ts';
import { renderDelivery } from './render-delivery.ts';

function told(kind: ToldEvent['kind'], events: Json, job: Partial<Job> = {}): ToldEvent {
  const data = { model: 'bide/sum', version: null, events, base: 'http://x/replicate' };
  const state = kind === 'changed' ? 'running' : kind;
  return {
    kind,
    at: 0,
    job: sampleJob({ state, origin: { dialect: DIALECT, data }, ...job }),
    resultText: null,
    payload: null,
  };
}

const wordOf = (event: ToldEvent) => {
  const word = renderDelivery(event)?.event ?? null;
  // What nobody is told of is not read either.
  assert.equal(renderDelivery.showsPayload?.(event), word !== null);
  return word;
};

test('renderDelivery tells of a start, of progress and of each end, and not that a job waits', () => {
  const kinds = ['waiting', 'running', 'changed', 'succeeded', 'failed', 'cancelled', 'expired'] as const;
  const words = kinds.map((kind) => wordOf(told(kind, null)));
  assert.deepEqual(words, [null, 'start', 'logs', ...Array<string>(4).fill('completed')]);
  assert.equal(wordOf(told('changed', null, { state: 'waiting' })), null);
});

test('renderDelivery keeps to the filter, in which either word asks for progress', () => {
  assert.equal(wordOf(told('running', ['completed'])), null);
  assert.equal(wordOf(told('succeeded', ['start'])), null);
  assert.equal(wordOf(told('changed', ['output'])), 'output');
  assert.equal(wordOf(told('changed', ['logs', 'output'])), 'logs');
  assert.equal(wordOf(told('changed', ['start', 'completed'])), null);
});

test('renderDelivery shows input and result digit by digit, what was said, and no stream', () => {
  const event = told('succeeded', null, { finishedAt: 1_000, startedAt: 0 });
  const body = renderDelivery({
    ...event,
    resultText: '{"n":9007199254740993}',
    payload: { input: '[1e400]', log: [], output: [] },
  })?.body;
  assert.match(body ?? '', /"input":\[1e400\],"output":\{"n":9007199254740993\}/);
  assert.doesNotMatch(body ?? '', /stream/);
  assert.match(body ?? '', /"get":"http:\/\/x\/replicate\/v1\/predictions\//);
});
