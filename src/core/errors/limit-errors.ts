/** What is said of limits per key. */
import type { ErrorDefinition } from './definition.ts';

export const LIMIT_ERRORS = {
  LIMIT_NOT_FOUND: {
    kind: 'not_found',
    title: 'There is no limit with this key.',
    advice:
      'Keys that only jobs name are known while one of them is unfinished; `GET /v1/limits` lists those that are.',
  },
  LIMIT_INVALID: {
    kind: 'unprocessable',
    title: 'The key or the bounds are not ones that a limit can have.',
    advice: 'Correct what is named; to let nothing start, close the key instead of a concurrency or rate of 0.',
  },
  LIMITS_FULL: {
    kind: 'quota',
    title: 'The tenant has as many keys with limits as it may.',
    advice: 'Remove some with DELETE, or raise limitKeysPerTenantMax in the config.',
  },
} satisfies Record<string, ErrorDefinition>;
