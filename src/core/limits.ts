/**
 * Every maximum, deadline and default of Bide, in one table; its parts are in `limits/`.
 *
 * Each is configurable (`limits` in the config), each has a range outside of which a config is refused, and each error that
 * comes from one says its value. What is not in this table has no hidden limit elsewhere.
 */

import type { LimitDefinition } from './limits/definition.ts';
import { JOB_LIMITS } from './limits/job-limits.ts';
import { REQUEST_LIMITS } from './limits/request-limits.ts';
import { RUNNING_LIMITS } from './limits/running-limits.ts';
import { TENANT_LIMITS } from './limits/tenant-limits.ts';

export type { LimitDefinition };

export const LIMIT_DEFINITIONS = Object.freeze({
  ...REQUEST_LIMITS,
  ...JOB_LIMITS,
  ...RUNNING_LIMITS,
  ...TENANT_LIMITS,
} satisfies Record<string, LimitDefinition>);

export type LimitName = keyof typeof LIMIT_DEFINITIONS;
export type Limits = Readonly<Record<LimitName, number>>;

export const DEFAULT_LIMITS: Limits = Object.freeze(
  Object.fromEntries(Object.entries(LIMIT_DEFINITIONS).map(([name, definition]) => [name, definition.value])),
) as Limits;

/** The limits with `overrides` applied, or the sentence that says which one is out of range or unknown. */
export function limitsWith(
  overrides: Readonly<Record<string, number>>,
): { readonly kind: 'limits'; readonly limits: Limits } | { readonly kind: 'invalid'; readonly message: string } {
  for (const [name, value] of Object.entries(overrides)) {
    const definition: LimitDefinition | undefined = Object.hasOwn(LIMIT_DEFINITIONS, name)
      ? LIMIT_DEFINITIONS[name as LimitName]
      : undefined;
    if (definition === undefined) return { kind: 'invalid', message: `There is no limit named ${name}.` };
    if (!Number.isSafeInteger(value) || value < definition.min || value > definition.max) {
      const range = `a whole number from ${definition.min} to ${definition.max}`;
      return { kind: 'invalid', message: `Limit ${name} must be ${range}, not ${value}.` };
    }
  }
  return { kind: 'limits', limits: Object.freeze({ ...DEFAULT_LIMITS, ...overrides }) };
}
