/**
 * One secret that all nodes of a store share: tokens are signed and list cursors sealed with keys made of it.
 *
 * It is made by the first node that needs it and kept as a document; a node that loses that race takes the winner's.
 */
import { hkdfSync, randomBytes } from 'node:crypto';
import { BideError } from '../core/errors.ts';
import type { Json } from '../core/job.ts';
import type { Documents } from '../engine/api.ts';
import type { Clock } from '../engine/clock.ts';

const SECRET_BYTES = 32;
/** Tenants are named by `keys.ts`, which lets none begin with an underscore: nobody's document can be this one. */
export const SECRET_DOCUMENT = { tenant: '_bide', kind: 'secret', name: 'tokens' } as const;

export interface SecretOptions {
  readonly store: Pick<Documents, 'documentRead' | 'documentWrite'>;
  readonly clock: Clock;
}

/** Reads it once; after a failure the next caller tries again. */
export type Secret = () => Promise<Uint8Array>;

export function createSecret({ store, clock }: SecretOptions): Secret {
  let secret: Promise<Uint8Array> | undefined;
  return () => {
    secret ??= readOrMake(store, clock).catch((error: unknown) => {
      secret = undefined;
      throw error;
    });
    return secret;
  };
}

/** A key of its own for each purpose, so that what one purpose gives away says nothing about another. */
export function derivedKey(secret: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', `bide ${purpose}`, SECRET_BYTES));
}

async function readOrMake(store: SecretOptions['store'], clock: Clock): Promise<Uint8Array> {
  const found = await store.documentRead(SECRET_DOCUMENT);
  if (found !== null) return secretOf(found.data);
  const data = { key: randomBytes(SECRET_BYTES).toString('base64') };
  const outcome = await store.documentWrite({ ...SECRET_DOCUMENT, data, expectRevision: 0, now: clock.now() });
  return secretOf(outcome.document?.data ?? null);
}

function secretOf(data: Json): Uint8Array {
  const key = typeof data === 'object' && data !== null && 'key' in data ? data.key : undefined;
  if (typeof key !== 'string') throw new BideError('INTERNAL', 'The signing secret in the store is not readable.');
  return Buffer.from(key, 'base64');
}
