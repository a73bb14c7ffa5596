/** A job can be said in many places: each takes all that a submit does, but for what is named here with a reason. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { JOB_OPTIONS, jobFieldsOf, SUBMIT_OPTIONS, submitFieldsOf } from '../src/cli/job-options.ts';
import { type OptionTable, parseLine } from '../src/cli/option.ts';
import { fakeTerminal } from '../src/cli/terminal/fake-terminal.ts';
import type { FollowUpBody, ScheduledJobBody, SubmitBody } from '../src/client/index.ts';
import { DEFAULT_LIMITS } from '../src/core/limits.ts';
import { SCHEDULED_FIELDS } from '../src/core/schedules/schedule.ts';
import type * as native from '../src/dialects/native/wire.ts';
import { wireOf } from '../src/dialects/native/wire.ts';
import { compileCheck } from '../src/dialects/schema-check.ts';

const wire = wireOf(DEFAULT_LIMITS);
const SUBMIT = Object.keys(wire.submit.properties);
/** Its time and its key are the tick's, and what it came after would have ended by the next one. */
const TICKS = ['runAt', 'delayMs', 'idempotencyKey', 'after', 'afterPolicy'];
/** It is submitted once, when its group ends; nobody is there to be told that another job has its unique key. */
const ENDS = ['runAt', 'idempotencyKey', 'after', 'afterPolicy', 'unique'];

type Schema = { readonly properties?: Record<string, Schema>; readonly anyOf?: readonly Schema[] };

/** The fields of an object, or of one that may be null. */
function fieldsOf(schema: unknown): readonly string[] {
  const { properties, anyOf = [] } = schema as Schema;
  return properties === undefined ? anyOf.flatMap(fieldsOf) : Object.keys(properties);
}

const without = (left: readonly string[]) => SUBMIT.filter((field) => !left.includes(field)).sort();
const sorted = (fields: Iterable<string>) => [...fields].sort();

describe('what a job is submitted with', () => {
  test('schedules, groups and copies take it', () => {
    const { job } = wire.scheduleBody.properties;
    assert.deepEqual(sorted(fieldsOf(job)), without(TICKS));
    assert.deepEqual(sorted(SCHEDULED_FIELDS), without(TICKS));
    assert.deepEqual(sorted(fieldsOf(wire.groupBody.properties.onSuccess)), without(ENDS));
    assert.deepEqual(sorted(fieldsOf(wire.resubmit)), without(['type']));
  });

  test('the command line has an option for each, and for each part of it', async () => {
    const taken = await submitFieldsOf(parseLine(everyOption(SUBMIT_OPTIONS), SUBMIT_OPTIONS).values, fakeTerminal());
    // The key is a header.
    assert.deepEqual(sorted(Object.keys(taken)), without(['type', 'idempotencyKey']));
    assert.ok('idempotency-key' in SUBMIT_OPTIONS);
    for (const field of ['retry', 'limit', 'unique', 'callback'] as const)
      assert.deepEqual(sorted(Object.keys(taken[field] ?? {})), sorted(fieldsOf(wire.submit.properties[field])), field);
    const { delayMs: _, ...body } = taken;
    assert.deepEqual(compileCheck(wire.submit)({ type: 'task', ...body }), null);

    const ticked = await jobFieldsOf(parseLine(everyOption(JOB_OPTIONS), JOB_OPTIONS).values, fakeTerminal());
    assert.deepEqual(sorted(Object.keys(ticked)), without(['type', ...TICKS]));
  });

  test('the types of the client say the same', () => {
    const same: [
      Same<SubmitBody, native.SubmitBody>,
      Same<ScheduledJobBody, native.PutScheduleBody['job']>,
      Same<FollowUpBody, native.FollowUpBody>,
    ] = [true, true, true];
    assert.equal(same.length, 3);
  });
});

/** `never` where one has a field that the other has not. */
type Same<A, B> = [keyof A] extends [keyof B] ? ([keyof B] extends [keyof A] ? true : never) : never;

const SAMPLES: Readonly<Record<string, string>> = {
  input: '{"a":1}',
  tag: 'team=blue',
  'backoff-factor': '2',
  'limit-rate': '5/1m',
  callback: 'https://example.com/hook',
  'callback-event': 'job.succeeded',
  at: '2030-01-31T12:00:00Z',
};

function everyOption(table: OptionTable): readonly string[] {
  return Object.entries(table).flatMap(([name, option]) => [
    `--${name}`,
    SAMPLES[name] ?? (option.kind === 'choice' ? (option.choices[0] ?? '') : option.kind === 'duration' ? '5s' : '3'),
  ]);
}
