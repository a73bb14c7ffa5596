/** What can be wrong with files, and with batches of them. */
import type { ErrorDefinition } from './definition.ts';

export const FILE_ERRORS = {
  FILE_NOT_FOUND: {
    kind: 'not_found',
    title: 'There is no file with this id.',
    advice: 'Check the id and the key: files are of a tenant, and are removed when their time is over.',
  },
  FILE_TOO_LARGE: {
    kind: 'too_large',
    title: 'The file is larger than a file may be.',
    advice: 'Send it in parts, each a file of its own, or raise the limit named in `limit`.',
  },
  TOO_MANY_FILES: {
    kind: 'quota',
    title: 'The tenant has as many files, or bytes of files, as it may.',
    advice: 'Remove files that nobody needs, or raise the limit named in `limit`.',
  },
  FILE_BATCH_NOT_FOUND: {
    kind: 'not_found',
    title: 'There is no batch with this id.',
    advice: 'Check the id and the key: batches are of a tenant, and are removed fileRetainMs after their end.',
  },
  FILE_BATCH_OVER: {
    kind: 'conflict',
    title: 'The batch has ended, or all of its lines have.',
    advice: 'Read it: what is over is not cancelled.',
  },
  TOO_MANY_FILE_BATCHES: {
    kind: 'quota',
    title: 'The tenant has as many batches of files as it may.',
    advice: 'Wait until some are over long enough to be removed, or raise the limit named in `limit`.',
  },
} satisfies Record<string, ErrorDefinition>;
