/**
 * Every command in every situation that `decide` tells apart, as a text that people review: `decide.snapshot.txt`.
 *
 * A change of the text is a change of what Bide does. After reviewing it, write it anew with
 * `node --test --test-update-snapshots src/core/decide.exhaustive.test.ts`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Command, type Decision, decide } from './decide.ts';
import type { Failure, Job, JobPatch } from './job.ts';
import type { Marks } from './marks.ts';
import { SAMPLE_NOW, sampleJob } from './sample-job.ts';
import { FINAL_STATES, STORED_STATES } from './state.ts';
import { TRANSITIONS } from './transitions.ts';

const NOW = SAMPLE_NOW + 100_000;
const FENCE = 7;
const FAILURE: Failure = { code: 'HANDLER_FAILED', message: 'boom', details: null };
const RANDOM = 0.5;

const AFTER = { after: { ids: ['parent'], policy: 'succeeded' } } as const;

interface Situation {
  readonly title: string;
  readonly job: Job;
}

interface NamedCommand {
  readonly title: string;
  readonly command: Command;
}

const DEADLINES = [
  { title: 'no deadline', deadlineMs: null, deadlineAt: null },
  { title: 'deadline far', deadlineMs: 200_000, deadlineAt: NOW + 100_000 },
  { title: 'deadline before the next try', deadlineMs: 100_010, deadlineAt: NOW + 10 },
  { title: 'deadline passed', deadlineMs: 100_000, deadlineAt: NOW },
] as const;

function waitingSituations(): Situation[] {
  const earlier = { code: 'HANDLER_FAILED', message: 'earlier', details: null };
  const ages = [
    { title: 'scheduled', over: { runAt: NOW + 5_000 } },
    { title: 'queued', over: { runAt: NOW } },
    { title: 'retrying, not due', over: { runAt: NOW + 5_000, attempt: 1, fence: FENCE, error: earlier } },
    { title: 'retrying, due', over: { runAt: NOW, attempt: 1, fence: FENCE, error: earlier } },
  ];
  const held = { runAt: NOW, terms: AFTER, marks: { awaitsParents: true } };
  return [{ title: 'queued, awaits parents', over: held }, ...ages].flatMap(({ title, over }) =>
    DEADLINES.map(({ title: deadline, ...deadlines }) => ({
      title: `waiting: ${title}, ${deadline}`,
      job: sampleJob({ ...over, ...deadlines }),
    })),
  );
}

function runningSituations(): Situation[] {
  const situations: Situation[] = [];
  for (const attempt of [1, 3]) {
    for (const leaseUntil of [NOW + 1, NOW]) {
      for (const cancelRequestedAt of [null, NOW - 1_000]) {
        for (const { title, ...deadlines } of DEADLINES) {
          const held = { state: 'running', fence: FENCE, worker: 'w1', startedAt: NOW - 9_000 } as const;
          const progress = { percent: 40, message: 'reading' };
          const lease = leaseUntil > NOW ? 'lease held' : 'lease over';
          const cancel = cancelRequestedAt === null ? 'no cancel' : 'cancel requested';
          situations.push({
            title: `running: attempt ${attempt} of 3, ${lease}, ${cancel}, ${title}`,
            job: sampleJob({ ...held, ...deadlines, attempt, leaseUntil, cancelRequestedAt, progress }),
          });
        }
      }
    }
  }
  return situations;
}

const PAID = { paid: { value: 1, at: NOW - 5_000 } };

/** Jobs that wait for the signal `approved`, or have waited for it. */
function signalSituations(): Situation[] {
  const begun = { fence: FENCE, startedAt: NOW - 9_000 };
  const parked = (until: number) => ({ signal: { name: 'approved', until }, signals: PAID });
  const running = { ...begun, state: 'running', worker: 'w1', leaseUntil: NOW + 1, attempt: 1 } as const;
  const jobs: readonly (readonly [string, Partial<Job>])[] = [
    ['waiting: parked', { ...begun, runAt: NOW + 5_000, marks: parked(NOW + 5_000) }],
    ['waiting: parked, its time is over', { ...begun, runAt: NOW, marks: parked(NOW) }],
    ['running: parked before, in vain', { ...running, marks: parked(NOW - 10) }],
    ['running: the signal came', { ...running, marks: { signals: PAID } }],
    ['cancelled: while parked', { ...begun, state: 'cancelled', finishedAt: NOW - 1, marks: parked(NOW + 5_000) }],
  ];
  return jobs.map(([title, over]) => ({ title, job: sampleJob(over) }));
}

function finalSituations(): Situation[] {
  const over = { fence: FENCE, attempt: 1, startedAt: NOW - 9_000, finishedAt: NOW - 1_000, deadlineMs: 200_000 };
  const marks = { awaitsParents: false, isAwaited: true } as const;
  return FINAL_STATES.flatMap((state) => [
    { title: `${state}: final`, job: sampleJob({ ...over, state }) },
    { title: `${state}: final, came after others`, job: sampleJob({ ...over, state, terms: AFTER, marks }) },
  ]);
}

const COMMANDS: readonly NamedCommand[] = [
  { title: 'claim', command: { kind: 'claim', worker: 'w2', leaseMs: 30_000 } },
  { title: 'release', command: { kind: 'release', fence: FENCE } },
  { title: 'release for 30 s', command: { kind: 'release', fence: FENCE, waitMs: 30_000 } },
  { title: 'park for a signal', command: { kind: 'park', fence: FENCE, signal: 'approved', timeoutMs: 60_000 } },
  { title: 'park for one that came', command: { kind: 'park', fence: FENCE, signal: 'paid', timeoutMs: 60_000 } },
  { title: 'signal approved', command: { kind: 'signal', name: 'approved', value: true, max: 2 } },
  { title: 'signal paid again', command: { kind: 'signal', name: 'paid', value: 1, max: 2 } },
  { title: 'signal a third', command: { kind: 'signal', name: 'third', value: 1, max: 1 } },
  { title: 'report 60 %', command: { kind: 'report', fence: FENCE, percent: 60 } },
  { title: 'report 20 %, message', command: { kind: 'report', fence: FENCE, percent: 20, message: 'writing' } },
  { title: 'report nothing new', command: { kind: 'report', fence: FENCE, percent: 40 } },
  { title: 'succeed', command: { kind: 'succeed', fence: FENCE, result: { contentType: 'text/plain', bytes: 5 } } },
  { title: 'succeed without result', command: { kind: 'succeed', fence: FENCE, result: null } },
  { title: 'fail, retryable', command: failWith({ isRetryable: true }) },
  { title: 'fail, retry after 50 s', command: failWith({ isRetryable: true, retryAfterMs: 50_000 }) },
  { title: 'fail, for good', command: failWith({ isRetryable: false }) },
  { title: 'timeOut', command: { kind: 'timeOut', fence: FENCE, random: RANDOM } },
  { title: 'lose', command: { kind: 'lose', fence: FENCE, random: RANDOM } },
  { title: 'expire', command: { kind: 'expire' } },
  { title: 'give up', command: { kind: 'giveUp', parent: { id: 'parent', state: 'failed' } } },
  { title: 'cancel', command: { kind: 'cancel' } },
  { title: 'stop', command: { kind: 'stop', fence: FENCE } },
  { title: 'retry', command: { kind: 'retry' } },
  { title: 'prune', command: { kind: 'prune' } },
];

function failWith(over: { isRetryable: boolean; retryAfterMs?: number }): Command {
  return { kind: 'fail', fence: FENCE, failure: FAILURE, random: RANDOM, ...over };
}

function block({ title, job }: Situation): string {
  const taken: string[] = [];
  const refused = new Map<string, Set<string>>();
  for (const { title: name, command } of COMMANDS) {
    const decision = decide(job, command, NOW);
    if (decision.kind === 'accepted') taken.push(`  ${name.padEnd(24)} ${told(job, decision)}`);
    else {
      // In a wrong state the variants of a command do not matter, so its name is enough.
      const said = decision.reason === 'WRONG_STATE' ? command.kind : name;
      refused.set(decision.reason, (refused.get(decision.reason) ?? new Set()).add(said));
    }
  }
  const refusals = [...refused].map(
    ([reason, names]) => `  ${`refused ${reason}`.padEnd(24)} ${[...names].join(' · ')}`,
  );
  return [title, ...taken, ...refusals].join('\n');
}

function told(job: Job, decision: Extract<Decision, { kind: 'accepted' }>): string {
  const { state = job.state, ...rest } = decision.patch;
  const fields = Object.entries(rest).map(([field, value]) => `${field}=${shown(field, value)}`);
  return [`${state} (${decision.event})`, ...fields].join(' ');
}

function shown(field: string, value: JobPatch[keyof JobPatch]): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'number' && /(At|Until)$/.test(field)) return value === NOW ? 'now' : relative(value - NOW);
  if (typeof value !== 'object') return String(value);
  if ('percent' in value) return `${value.percent}%${value.message === null ? '' : `/${value.message}`}`;
  if ('signals' in value || 'signal' in value || 'overdue' in value) return shownMarks(value);
  if (Array.isArray(value)) return `[${value.map(({ number, outcome }) => `${number} ${outcome}`).join(', ')}]`;
  if ('code' in value) return value.code;
  return 'contentType' in value ? `${value.contentType}/${value.bytes}` : '';
}

function shownMarks({ signal, signals = {}, overdue = [] }: Marks): string {
  const awaited = signal === undefined ? '' : `awaits ${signal.name} until ${relative(signal.until - NOW)}, `;
  return `{${awaited}has ${Object.keys(signals).join(' ') || 'none'}${overdue.length === 0 ? '' : `, missed ${overdue.join(' ')}`}}`;
}

function relative(differenceMs: number): string {
  return `now${differenceMs < 0 ? '' : '+'}${differenceMs}`;
}

const SITUATIONS = [...waitingSituations(), ...runningSituations(), ...signalSituations(), ...finalSituations()];

test('decide answers every command in every situation as reviewed', (t) => {
  const head = `${SITUATIONS.length} situations, ${COMMANDS.length} commands each. Attempts are 3 in all, backoff 1 s, jitter half.`;
  const text = `${[head, ...SITUATIONS.map(block)].join('\n\n')}\n`;
  t.assert.fileSnapshot(text, `${import.meta.dirname}/decide.snapshot.txt`, { serializers: [String] });
});

test('the situations and commands leave out no state and no command', () => {
  assert.deepEqual(new Set(SITUATIONS.map(({ job }) => job.state)), new Set(STORED_STATES));
  assert.deepEqual(new Set(COMMANDS.map(({ command }) => command.kind)), new Set(Object.keys(TRANSITIONS)));
});

test('decide reaches every target of every transition, and no other', () => {
  for (const [name, row] of Object.entries(TRANSITIONS)) {
    const reached = new Set<string>();
    for (const { job } of SITUATIONS) {
      for (const { command } of COMMANDS.filter(({ command: { kind } }) => kind === name)) {
        const decision = decide(job, command, NOW);
        if (decision.kind !== 'accepted') continue;
        reached.add(decision.event === 'pruned' ? 'gone' : (decision.patch.state ?? job.state));
      }
    }
    assert.deepEqual([...reached].sort(), [...row.to].sort(), name);
  }
});

test('decide refuses every fenced command that carries an old or a future fence', () => {
  for (const { job } of SITUATIONS.filter((situation) => situation.job.state === 'running')) {
    for (const { title, command } of COMMANDS) {
      if (!('fence' in command)) continue;
      for (const fence of [FENCE - 1, FENCE + 1]) {
        assert.deepEqual(decide(job, { ...command, fence }, NOW), { kind: 'refused', reason: 'OLD_FENCE' }, title);
      }
    }
  }
});

test('a command carries a fence exactly when its transition is fenced', () => {
  for (const { title, command } of COMMANDS) {
    assert.equal('fence' in command, TRANSITIONS[command.kind].isFenced, title);
  }
});
