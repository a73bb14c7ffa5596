/** Random commands: small domains, so that keys collide, sequences queue up, leases run out and guards are stale. */
import fc from 'fast-check';
import { AFTER_POLICIES, type AfterPolicy } from '../../src/core/after/after.ts';
import type { LimitBounds } from '../../src/core/limit-spec.ts';
import type { KeyBounds } from '../../src/core/limit-tickets.ts';
import type { CommandName } from '../../src/core/transitions.ts';
import { UNIQUE_MODES, type Unique } from '../../src/core/unique.ts';
import type { EventKind } from '../../src/store/contract.ts';
import { EVENT_KINDS } from '../../src/store/event-row.ts';
import { TENANTS, TYPES } from './domains.ts';
import { KEY_LIMITS } from './limit-oracle.ts';
import { type ScheduleCommand, scheduleCommand } from './schedule-commands.ts';

/** One submit, times relative to now. */
export interface Submit {
  readonly tenant: string;
  readonly type: string;
  readonly priority: number;
  readonly delayMs: number;
  readonly idempotencyKey: string | null;
  readonly requestHash: string | null;
  readonly sequenceKey: string | null;
  readonly timeoutMs: number | null;
  readonly deadlineMs: number | null;
  readonly retainMs: number;
  readonly tag: string | null;
  readonly hasCallback: boolean;
  readonly attempts: number;
  readonly isReplay: boolean;
  readonly after: After | null;
  /** One of `KEY_LIMITS`. */
  readonly limit: number | null;
  readonly unique: Unique | null;
}

/** Jobs to come after, and whether one of them is unknown. */
interface After {
  readonly picks: readonly number[];
  readonly policy: AfterPolicy;
  readonly isOneUnknown: boolean;
}

/** How a patch is guarded: as the engine does it, by fence only, or by what the writer saw some time ago. */
export type Guard = 'revision' | 'fence' | 'states' | 'oldRevision' | 'oldFence';

export type ModelCommand =
  | { readonly kind: 'tick'; readonly ms: number }
  | { readonly kind: 'insert'; readonly submits: readonly Submit[] }
  | {
      readonly kind: 'claim';
      readonly types: readonly string[];
      readonly slots: number;
      readonly max: number;
      /** Null: all of them, in turn. */
      readonly tenant: string | null;
      readonly leaseMs: number;
      readonly cluster: LimitBounds | null;
      readonly weights: Readonly<Record<string, number>>;
    }
  | { readonly kind: 'take'; readonly steps: readonly Step[] }
  | { readonly kind: 'extend'; readonly pick: number; readonly isOld: boolean; readonly ms: number }
  | { readonly kind: 'sweep'; readonly limit: number }
  | { readonly kind: 'remove'; readonly picks: readonly number[]; readonly isOld: boolean; readonly keepMs: number }
  | { readonly kind: 'read'; readonly picks: readonly number[] }
  | { readonly kind: 'list'; readonly filter: Filter }
  | { readonly kind: 'nextRunAt' }
  | { readonly kind: 'deliver'; readonly max: number; readonly leaseMs: number }
  | {
      readonly kind: 'settle';
      readonly pick: number;
      readonly isOld: boolean;
      readonly isTried: boolean;
      readonly retryMs: number | null;
    }
  | { readonly kind: 'redeliver'; readonly pick: number; readonly tenant: string }
  | { readonly kind: 'fanOut'; readonly limit: number }
  | {
      readonly kind: 'follow';
      readonly tenant: string;
      readonly name: string;
      readonly wants: readonly EventKind[];
      readonly forMs: number | null;
    }
  | { readonly kind: 'unfollow'; readonly tenant: string; readonly name: string }
  | { readonly kind: 'prune'; readonly ageMs: number }
  | FreeCommand
  | LimitCommand
  | ScheduleCommand;

/** What follows from ends, up to and with one of its steps: whoever does it dies then. */
export interface FreeCommand {
  readonly kind: 'free';
  readonly limit: number;
  readonly until: 'join' | 'giveUp' | 'close' | 'drop';
}

export type LimitCommand =
  | { readonly kind: 'limitSettle' }
  | { readonly kind: 'limitRead'; readonly tenant: string; readonly key: number }
  | {
      readonly kind: 'limitWrite';
      readonly tenant: string;
      readonly key: number;
      readonly bounds?: KeyBounds | null;
      /** Null opens. */
      readonly closeMs?: number | null;
      readonly keepsLonger: boolean;
    };

/** One command of `decide` to one job. */
export interface Step {
  readonly pick: number;
  readonly command: Exclude<CommandName, 'claim' | 'prune'>;
  readonly guard: Guard;
  readonly random: number;
}

export interface Filter {
  readonly tenant: string | null;
  readonly states: readonly string[] | null;
  readonly types: readonly string[] | null;
  readonly tag: string | null;
  readonly isOldestFirst: boolean;
  readonly after: number | null;
  readonly limit: number;
}

const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const seldom = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
const pick = fc.nat({ max: 1_000 });

const after: fc.Arbitrary<After> = fc.record({
  picks: fc.array(pick, { minLength: 1, maxLength: 3 }),
  policy: fc.constantFrom(...AFTER_POLICIES),
  isOneUnknown: fc.constantFrom(false, false, false, false, true),
});

export const unique: fc.Arbitrary<Unique> = fc
  .record({ key: fc.constantFrom('u1', 'u2'), mode: fc.constantFrom(...UNIQUE_MODES), forMs: fc.constantFrom(3, 20) })
  .map(({ key, mode, forMs }) => {
    if (mode === 'debounce') return { key, mode, forMs, maxMs: 2 * forMs };
    return mode === 'replace' || mode === 'rerun' ? { key, mode } : { key, mode, forMs };
  });

const submit: fc.Arbitrary<Submit> = fc.record({
  tenant: fc.constantFrom(...TENANTS),
  type: fc.constantFrom(...TYPES),
  priority: fc.integer({ min: -1, max: 1 }),
  delayMs: fc.constantFrom(-5, 0, 0, 0, 3, 20),
  idempotencyKey: orNull(fc.constantFrom('k1', 'k2')),
  requestHash: fc.constantFrom('h1', 'h1', 'h2', null),
  sequenceKey: orNull(fc.constantFrom('s1', 's2')),
  timeoutMs: orNull(fc.constantFrom(2, 8)),
  deadlineMs: orNull(fc.constantFrom(5, 15)),
  retainMs: fc.constantFrom(0, 10),
  tag: orNull(fc.constantFrom('a', 'b')),
  hasCallback: fc.boolean(),
  attempts: fc.integer({ min: 1, max: 3 }),
  isReplay: fc.constantFrom(false, false, false, true),
  after: seldom(after),
  limit: seldom(fc.nat({ max: KEY_LIMITS.length - 1 })),
  unique: seldom(unique),
});

export const cluster: fc.Arbitrary<LimitBounds> = fc.constantFrom(
  { concurrency: 2 },
  { rate: { count: 2, perMs: 4 } },
  { concurrency: 3, rate: { count: 3, perMs: 20 } },
);

const step: fc.Arbitrary<Step> = fc.record({
  pick,
  command: fc.constantFrom(
    'release',
    'park',
    'signal',
    'report',
    'succeed',
    'succeed',
    'fail',
    'timeOut',
    'lose',
    'expire',
    'cancel',
    'stop',
    'retry',
  ),
  guard: fc.constantFrom('revision', 'revision', 'revision', 'fence', 'states', 'oldRevision', 'oldFence'),
  random: fc.constantFrom(0, 0.5),
});

const filter: fc.Arbitrary<Filter> = fc.record({
  tenant: orNull(fc.constantFrom(...TENANTS)),
  states: orNull(fc.subarray(['waiting', 'running', 'succeeded', 'failed', 'cancelled', 'expired'])),
  types: orNull(fc.subarray([...TYPES])),
  tag: orNull(fc.constantFrom('a', 'b')),
  isOldestFirst: fc.boolean(),
  after: orNull(pick),
  limit: fc.integer({ min: 1, max: 10 }),
});

export const freeCommand: fc.Arbitrary<FreeCommand> = fc.record({
  kind: fc.constant('free'),
  limit: fc.constantFrom(1, 2, 1_000),
  until: fc.constantFrom('join', 'giveUp', 'close', 'drop', 'drop', 'drop'),
});

const key = fc.nat({ max: KEY_LIMITS.length - 1 });
const ofKey = { tenant: fc.constantFrom(...TENANTS), key };

export const limitCommand = fc.oneof(
  fc.record({ kind: fc.constant('limitSettle') }),
  fc.record({ kind: fc.constant('limitRead'), ...ofKey }),
  fc.record(
    {
      ...{ kind: fc.constant('limitWrite'), ...ofKey, keepsLonger: fc.boolean() },
      bounds: orNull(fc.constantFrom({ concurrency: 1, rate: null }, { concurrency: 3, rate: { count: 3, perMs: 5 } })),
      closeMs: orNull(fc.constantFrom(2, 30)),
    },
    { requiredKeys: ['kind', 'tenant', 'key', 'keepsLonger'] },
  ),
) as fc.Arbitrary<LimitCommand>;

export const modelCommand: fc.Arbitrary<ModelCommand> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('tick'), ms: fc.constantFrom(1, 2, 5, 20, 3_000) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('insert'), submits: fc.array(submit, { minLength: 1, maxLength: 4 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('claim'),
      types: fc.shuffledSubarray([...TYPES], { minLength: 1 }),
      slots: fc.integer({ min: 0, max: 3 }),
      max: fc.integer({ min: 1, max: 4 }),
      tenant: fc.constantFrom(...TENANTS, null, null),
      leaseMs: fc.constantFrom(3, 30),
      cluster: seldom(cluster),
      weights: fc.constantFrom({}, {}, { t2: 3 }),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({ kind: fc.constant('take'), steps: fc.array(step, { minLength: 1, maxLength: 5 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('extend'), pick, isOld: fc.boolean(), ms: fc.constantFrom(1, 50) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sweep'), limit: fc.constantFrom(1, 2, 100) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('remove'),
      picks: fc.array(pick, { minLength: 1, maxLength: 3 }),
      isOld: fc.boolean(),
      keepMs: fc.constantFrom(0, 1, 30),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('read'), picks: fc.array(pick, { maxLength: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('list'), filter }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('nextRunAt') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('deliver'),
      max: fc.integer({ min: 1, max: 5 }),
      leaseMs: fc.constantFrom(2, 20),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('settle'),
      pick,
      isOld: fc.boolean(),
      isTried: fc.constantFrom(true, true, false),
      retryMs: orNull(fc.constantFrom(0, 5)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('redeliver'), pick, tenant: fc.constantFrom(...TENANTS) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fanOut'), limit: fc.constantFrom(1, 3, 1_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ kind: fc.constant('follow'), tenant: fc.constantFrom(...TENANTS), name: fc.constantFrom('a', 'b') },
      wants: fc.subarray([...EVENT_KINDS]),
      forMs: orNull(fc.constantFrom(0, 3, 50)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...{ kind: fc.constant('unfollow'), tenant: fc.constantFrom(...TENANTS), name: fc.constantFrom('a', 'b') },
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('prune'), ageMs: fc.constantFrom(-1, 0, 5) }) },
  { weight: 3, arbitrary: freeCommand },
  { weight: 3, arbitrary: limitCommand },
  { weight: 3, arbitrary: scheduleCommand },
) as fc.Arbitrary<ModelCommand>;

export const PLAIN_SUBMIT: Submit = {
  ...{ tenant: 't1', type: 'x', priority: 0, delayMs: 0, sequenceKey: null, attempts: 2, retainMs: 1_000 },
  ...{ idempotencyKey: null, requestHash: null, timeoutMs: null, deadlineMs: null, tag: null },
  ...{ hasCallback: false, isReplay: false, after: null, limit: null, unique: null },
};

const SEQUENCED: Submit = { ...PLAIN_SUBMIT, sequenceKey: 's1' };

/** One sequence, and little but claims, ends and retries: earlier jobs come back while later ones run. */
export const sequenceCommand: fc.Arbitrary<ModelCommand> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ kind: 'insert', submits: [SEQUENCED] }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'tick', ms: 20 }) },
  {
    weight: 6,
    arbitrary: fc.constant({
      kind: 'claim',
      types: ['x'],
      slots: 3,
      max: 3,
      tenant: null,
      leaseMs: 3,
      cluster: null,
      weights: {},
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('take'),
      steps: fc.array(
        fc.record({
          pick: fc.nat({ max: 3 }),
          command: fc.constantFrom('fail', 'retry', 'retry', 'succeed', 'release', 'lose', 'cancel', 'stop'),
          guard: fc.constant('revision'),
          random: fc.constantFrom(0, 0.5),
        }),
        { minLength: 1, maxLength: 2 },
      ),
    }),
  },
) as fc.Arbitrary<ModelCommand>;
