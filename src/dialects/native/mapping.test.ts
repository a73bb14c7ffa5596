import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Job } from '../../core/job.ts';
import { sampleJob } from '../../core/sample-job.ts';
import { SHOWN_STATES } from '../../core/state.ts';
import { claimedBody, jobBody, submitRequestOf, tagsOf, withNumber } from './mapping.ts';

const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
const timeOrNull = fc.option(time);

const job: fc.Arbitrary<Job> = fc
  .record({
    type: fc.string(),
    tags: fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
    progress: fc.record({
      percent: fc.integer({ min: 0, max: 1_000 }).map((n) => n / 10),
      message: fc.option(fc.string()),
    }),
    priority: fc.integer({ min: -100, max: 100 }),
    createdAt: time,
    runAt: time,
    startedAt: timeOrNull,
    finishedAt: timeOrNull,
    deadlineAt: timeOrNull,
    cancelRequestedAt: timeOrNull,
    error: fc.option(
      fc.record({ code: fc.string(), message: fc.string(), details: fc.jsonValue(), attempts: fc.constant([]) }),
    ),
  })
  .map((fields) => ({ ...sampleJob(), ...fields }) as Job);

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

describe('jobBody', () => {
  test('is the JSON that the shape says, whatever is in the job', () => {
    fc.assert(
      fc.property(job, fc.constantFrom(...SHOWN_STATES), fc.option(fc.jsonValue()), (given, shown, result) => {
        const resultText = result === null ? null : JSON.stringify(result);
        const self = `/x/v1/jobs/${given.id}`;
        assert.deepEqual(JSON.parse(jobBody('/x', { job: given, resultText }, shown)), {
          ...{ id: given.id, type: given.type, state: shown },
          progress: { ...given.progress },
          ...{ attempt: given.attempt, attemptsMax: given.retry.attempts, priority: given.priority },
          tags: JSON.parse(JSON.stringify(given.tags)),
          ...{ revision: given.revision, createdAt: iso(given.createdAt), runAt: iso(given.runAt) },
          ...{ startedAt: iso(given.startedAt), finishedAt: iso(given.finishedAt), deadlineAt: iso(given.deadlineAt) },
          retainUntil: given.finishedAt === null ? null : iso(given.finishedAt + given.retainMs),
          cancelRequestedAt: iso(given.cancelRequestedAt),
          error:
            given.error &&
            JSON.parse(
              JSON.stringify({ code: given.error.code, message: given.error.message, details: given.error.details }),
            ),
          result: resultText === null ? null : JSON.parse(resultText),
          links: { self, result: `${self}/result`, events: `${self}/events`, cancel: `${self}/cancel` },
        });
        const snapshot = { job: given, resultText };
        const numbered = JSON.parse(withNumber(jobBody('/x', snapshot, shown), snapshot));
        assert.equal(numbered.number, given.number);
      }),
    );
  });
});

describe('claimedBody', () => {
  test('carries the input as it was submitted', () => {
    const input = '{"b":1,"a":[1.50,"é"]}';
    assert.match(claimedBody(sampleJob(), input), /,"input":\{"b":1,"a":\[1\.50,"é"\]\}\}$/);
  });
});

describe('submitRequestOf', () => {
  test('reads times, and lets the header win over the body', () => {
    const body = { type: 't', runAt: '2026-01-01T00:00:00+01:00', idempotencyKey: 'body' };
    const request = submitRequestOf('acme', body, 'header');
    assert.deepEqual(
      [request.tenant, request.runAt, request.idempotencyKey],
      ['acme', Date.UTC(2025, 11, 31, 23), 'header'],
    );
    assert.equal(submitRequestOf('acme', body).idempotencyKey, 'body');
    assert.equal(submitRequestOf('acme', { type: 't' }).runAt, null);
  });
});

describe('tagsOf', () => {
  test('splits at the first colon', () => {
    assert.deepEqual(tagsOf(['a:b:c', 'd:']), { a: 'b:c', d: '' });
  });
});
