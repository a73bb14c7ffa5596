import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finishedBody, jobBody } from '../../client/fake-server.ts';
import { jobFacts, jobLine, jobRow, LIST_HEAD, waitingText } from './job-text.ts';

const ID = jobBody().id;
const running = {
  state: 'running',
  progress: { percent: 33.3, message: 'page 3' },
  startedAt: jobBody().createdAt,
} as const;

test('jobLine says how far a job is, that it is being cancelled, and how it ended', () => {
  assert.equal(jobLine({ id: ID, state: 'unknown' }), `${ID} unknown`);
  assert.equal(jobLine(jobBody(running)), `${ID} running 33.3 % page 3`);
  const cancelRequestedAt = jobBody().createdAt;
  assert.equal(jobLine(jobBody({ ...running, cancelRequestedAt })), `${ID} running 33.3 % (being cancelled) page 3`);
  const error = { code: 'HANDLER_FAILED', message: 'torn\npage', details: null };
  const failed = { ...running, state: 'failed', error, finishedAt: '2030-01-01T00:00:04.500Z' } as const;
  assert.equal(jobLine(jobBody(failed)), `${ID} failed HANDLER_FAILED: torn page (4.5 s)`);
});

test('jobFacts leaves out what is not there, and points to results that are not inline', () => {
  const names = (facts: readonly string[]) => facts.map((fact) => fact.slice(0, 11).trim());
  const always = ['id', 'type', 'state', 'progress', 'attempt', 'created'];
  assert.deepEqual(names(jobFacts(jobBody())), always);
  assert.ok(jobFacts(finishedBody({ result: { a: 1 } })).includes('result     {"a":1}'));
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  assert.ok(jobFacts(jobBody({ traceparent })).includes(`trace      ${'a'.repeat(32)}`));
  assert.ok(jobFacts(finishedBody()).includes(`result     see \`bide result ${ID}\``));
});

test('a job that waits for its type says in words what to do about it', () => {
  const type = '\x1b[31mrender';
  const paused = jobBody({ waitingFor: { type, reason: 'paused' } });
  assert.match(String(waitingText(paused)), /its type: \[31mrender is paused \(`bide types resume/);
  assert.match(jobRow(paused, { nowMs: Date.parse('2030-01-01T00:12:00Z'), columns: 80 }), / queued .*type paused$/);
  assert.match(String(waitingText(jobBody({ waitingFor: { type, reason: 'full' } }))), /as its limit lets/);
});

test('jobRow stands below its head, within 80 columns, with age, time taken and error', () => {
  const view = { nowMs: Date.parse('2030-01-01T00:12:00Z'), columns: 80 };
  const queued = jobRow(jobBody({ type: 'a\x1b[31m very long name of a type', tags: { team: 'x' } }), view);
  assert.equal(queued.indexOf('queued'), LIST_HEAD.indexOf('STATE'));
  assert.match(queued, /^0190a0a0-0000-7000 {2}queued +a \[31m very l… +12m +team=x$/);
  const error = { code: 'HANDLER_FAILED', message: 'torn page '.repeat(20), details: null };
  const failed = { ...running, state: 'failed', error, finishedAt: '2030-01-01T00:00:04.500Z' } as const;
  const row = jobRow(jobBody(failed), view);
  assert.match(row, / failed +echo +12m +4s {2}HANDLER_FAILED: to…$/);
  assert.equal(row.length, 80);
  assert.ok(LIST_HEAD.length <= 80);
});

test('a job that runs again does not repeat the error of its earlier attempt', () => {
  const error = { code: 'HANDLER_FAILED', message: 'torn', details: null };
  assert.doesNotMatch(jobLine(jobBody({ ...running, error })), /torn/);
  assert.match(jobLine(jobBody({ ...running, state: 'retrying', error })), /torn/);
});
