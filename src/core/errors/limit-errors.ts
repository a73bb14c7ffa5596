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
  LIMIT_KEY_INVALID: {
    kind: 'unprocessable',
    title: 'The type of the job gives no usable limit key for this input.',
    advice:
      'Correct the input, or the function `limit.key` of the type in the config; a submit with a `limit` of its own does without it.',
  },
  LIMITS_FULL: {
    kind: 'quota',
    title: 'The tenant has as many keys with limits as it may.',
    advice: 'Remove some with DELETE, or raise limitKeysPerTenantMax in the config.',
  },
} satisfies Record<string, ErrorDefinition>;
