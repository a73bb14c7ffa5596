import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Command, decide, expectedStates } from '../../core/decide.ts';
import { sampleJob } from '../../core/sample-job.ts';
import { aimed, statementFor } from './aimed-patches.ts';

const NOW = 10;
const RUNNING = sampleJob({ state: 'running', fence: 1, attempt: 1, leaseUntil: 20, worker: 'w', startedAt: 1 });

function statementOf(command: Command): string {
  const decision = decide(RUNNING, command, NOW);
  assert.ok(decision.kind === 'accepted');
  const expect = { states: expectedStates(command.kind), fence: 1 };
  return statementFor([aimed({ id: RUNNING.id, expect, patch: decision.patch })], false);
}

test('the ends of attempts take the statement that is made for them, whatever decide writes', () => {
  const failure = { code: 'X', message: 'y', details: null };
  assert.equal(statementOf({ kind: 'succeed', fence: 1, result: null }), 'jobFinish');
  assert.equal(statementOf({ kind: 'fail', fence: 1, failure, isRetryable: false, random: 0 }), 'jobFinish');
  assert.equal(statementOf({ kind: 'report', fence: 1, percent: 50 }), 'jobReport');
  assert.equal(statementOf({ kind: 'release', fence: 1 }), 'jobApply');
});
