/** Random commands: small domains, so that keys collide, sequences queue up, leases run out and guards are stale. */
import fc from 'fast-check';
import type { CommandName } from '../../src/core/transitions.ts';
import type { EventKind } from '../../src/store/contract.ts';
import { EVENT_KINDS } from '../../src/store/event-row.ts';

export const TENANTS = ['t1', 't2'] as const;
export const TYPES = ['x', 'y'] as const;

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
      readonly tenant: string | null;
      readonly leaseMs: number;
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
  | { readonly kind: 'prune'; readonly ageMs: number };

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
const pick = fc.nat({ max: 1_000 });

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
});

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
      // One at a time: whose turn it is among several is held by the suite's topic on fairness, and the oracle knows no rounds.
      tenant: fc.constantFrom(...TENANTS),
      leaseMs: fc.constantFrom(3, 30),
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
) as fc.Arbitrary<ModelCommand>;

const SEQUENCED: Submit = {
  ...{ tenant: 't1', type: 'x', priority: 0, delayMs: 0, sequenceKey: 's1', attempts: 2, retainMs: 1_000 },
  ...{ idempotencyKey: null, requestHash: null, timeoutMs: null, deadlineMs: null, tag: null },
  ...{ hasCallback: false, isReplay: false },
};

/** One sequence, and little but claims, ends and retries: earlier jobs come back while later ones run. */
export const sequenceCommand: fc.Arbitrary<ModelCommand> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ kind: 'insert', submits: [SEQUENCED] }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'tick', ms: 20 }) },
  {
    weight: 6,
    arbitrary: fc.constant({ kind: 'claim', types: ['x'], slots: 3, max: 3, tenant: null, leaseMs: 3 }),
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
