/** The schemas of tokens of a job. */
import { Type } from 'typebox';
import type { Limits } from '../../core/limits.ts';
import { strict, time } from './wire-parts.ts';

/** Unless told. */
export const TTL_MS = 600_000;
const TTL_MS_MIN = 60_000;

export function tokenSchemas({ jobTokenMsMax }: Limits) {
  return {
    tokenBody: Type.Object(
      {
        ttlMs: Type.Optional(
          Type.Integer({
            minimum: TTL_MS_MIN,
            maximum: jobTokenMsMax,
            default: TTL_MS,
            description: 'How long it may be used.',
          }),
        ),
      },
      { ...strict, title: 'NewToken' },
    ),
    token: Type.Object(
      {
        token: Type.String({ description: 'Sent as a key is. It ends with the key that made it, too.' }),
        expiresAt: time('It may be used before this.'),
      },
      { title: 'JobToken' },
    ),
  };
}
