/**
 * Links that sign in once: printed where the server was started, for a person at that machine.
 *
 * They live in this process alone, ten minutes, and only for callers from the machine itself. Their proof stands behind the `#` of the
 * address, which no server, proxy or log sees; the page sends it in the body of a request.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../engine/clock.ts';

export const LINK_MS = 600_000;
const TOKEN_BYTES = 24;
/** Whoever asks for more than these has lost them. */
const LINKS_MAX = 16;

export interface Links {
  /** A token that stands for the key, once. */
  make(key: string): string;
  /** The key; null where the token is unknown, used or too old. */
  take(token: string): string | null;
}

export function createLinks(clock: Clock): Links {
  /** By the hash, so that how long a comparison takes tells nothing of the token. */
  const made = new Map<string, { readonly key: string; readonly until: number }>();
  return {
    make(key) {
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      const oldest = made.size >= LINKS_MAX ? made.keys().next().value : undefined;
      if (oldest !== undefined) made.delete(oldest);
      made.set(hashOf(token), { key, until: clock.now() + LINK_MS });
      return token;
    },
    take(token) {
      const hash = hashOf(token);
      const found = made.get(hash);
      made.delete(hash);
      return found !== undefined && found.until > clock.now() ? found.key : null;
    },
  };
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
