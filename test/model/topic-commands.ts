/** Few commands about one topic each: what one of them breaks is found in a dozen lists, which random commands about everything need hundreds for. */
import fc from 'fast-check';
import { AFTER_POLICIES } from '../../src/core/after/after.ts';
import {
  cluster,
  freeCommand,
  limitCommand,
  type ModelCommand,
  PLAIN_SUBMIT,
  type Step,
  type Submit,
  unique,
} from './commands.ts';
import { TENANTS } from './domains.ts';
import { KEY_LIMITS } from './limit-oracle.ts';
import { scheduleCommand } from './schedule-commands.ts';

type Claim = Extract<ModelCommand, { kind: 'claim' }>;

interface Topic {
  readonly submit?: { readonly [Field in keyof Submit]?: fc.Arbitrary<Submit[Field]> };
  readonly claim?: { readonly [Field in keyof Claim]?: fc.Arbitrary<Claim[Field]> };
  readonly own?: fc.Arbitrary<ModelCommand>;
  readonly ends?: readonly Step['command'][];
}

const USUAL: readonly Step['command'][] = ['succeed', 'succeed', 'succeed', 'fail', 'retry', 'release', 'cancel'];

function commandsOf({ submit = {}, claim = {}, own, ends = USUAL }: Topic): fc.Arbitrary<ModelCommand> {
  const one = fc.record(submit).map((fields): Submit => ({ ...PLAIN_SUBMIT, ...fields }));
  const step = fc.record({
    ...{ pick: fc.nat({ max: 7 }), command: fc.constantFrom(...ends) },
    ...{ guard: fc.constant('revision'), random: fc.constantFrom(0, 0.5) },
  });
  return fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('insert'), submits: fc.array(one, { minLength: 1, maxLength: 3 }) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('tick'), ms: fc.constantFrom(1, 2, 5, 20) }) },
    {
      weight: 5,
      arbitrary: fc.record({
        ...{ kind: fc.constant('claim'), types: fc.constant(['x']), slots: fc.integer({ min: 1, max: 3 }) },
        ...{ max: fc.constant(3), tenant: fc.constant(null), leaseMs: fc.constant(1_000) },
        ...{ cluster: fc.constant(null), weights: fc.constant({}) },
        ...claim,
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant('take'), steps: fc.array(step, { minLength: 1, maxLength: 2 }) }),
    },
    ...(own === undefined ? [] : [{ weight: 4, arbitrary: own }]),
  ) as fc.Arbitrary<ModelCommand>;
}

const picks = fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 2 });
const after = fc.record({ picks, policy: fc.constantFrom(...AFTER_POLICIES), isOneUnknown: fc.constant(false) });

export const TOPICS: Readonly<Record<string, fc.Arbitrary<ModelCommand>>> = {
  'frees jobs after the right ones have ended': commandsOf({ submit: { after: fc.option(after) }, own: freeCommand }),
  'keeps the limit of each key': commandsOf({
    submit: { limit: fc.nat({ max: KEY_LIMITS.length - 1 }) },
    own: limitCommand,
  }),
  'keeps the limit of a type as a whole': commandsOf({ claim: { cluster } }),
  'serves tenants in turn, by their weights': commandsOf({
    submit: { tenant: fc.constantFrom(...TENANTS), priority: fc.integer({ min: 0, max: 1 }) },
    claim: { slots: fc.integer({ min: 1, max: 2 }), weights: fc.constantFrom({}, { t2: 3 }) },
  }),
  'stores one job for each tick': commandsOf({ own: scheduleCommand }),
  'keeps one holder of a unique key': commandsOf({ submit: { unique } }),
};
