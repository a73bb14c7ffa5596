/** Commands about schedules: a few, with ticks close enough for several to be due at once. */
import fc from 'fast-check';
import { OVERLAPS, type Overlap } from '../../src/core/schedules/schedule.ts';

export type ScheduleCommand =
  | {
      readonly kind: 'schedulePut';
      readonly tenant: string;
      readonly name: string;
      readonly everyMs: number;
      readonly overlap: Overlap;
    }
  | { readonly kind: 'scheduleRemove'; readonly tenant: string; readonly name: string }
  /** Several processes see the same ones due, and each writes its step. */
  | { readonly kind: 'scheduleLook'; readonly processes: number; readonly limit: number };

const ref = { tenant: fc.constantFrom('t1', 't2'), name: fc.constantFrom('a', 'b') };

export const scheduleCommand = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ kind: fc.constant('schedulePut'), ...ref },
      ...{ everyMs: fc.constantFrom(5, 1_000), overlap: fc.constantFrom(...OVERLAPS) },
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('scheduleRemove'), ...ref }) },
  {
    weight: 5,
    arbitrary: fc.record({
      ...{ kind: fc.constant('scheduleLook'), processes: fc.constantFrom(1, 2) },
      limit: fc.constantFrom(1, 100),
    }),
  },
) as fc.Arbitrary<ScheduleCommand>;
