/**
 * Tokens of a job: whoever has one may read this one job until it is over, and nothing else. For pages, which must not have a key.
 *
 * Nothing of it is stored: it names its key, job, scope and end, with a code over all of them that only this service writes, and every node of a
 * store reads it. It ends with its key too, so revoking a key ends all tokens that were made with it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { derivedKey, type Secret } from './secret.ts';

export interface JobToken {
  readonly keyId: string;
  readonly jobId: string;
  /** Ms since 1970. */
  readonly endsAt: number;
}

export interface JobTokens {
  write(token: JobToken): Promise<string>;
  /** Null for what this service did not write, and for one that is over. */
  read(text: string, now: number): Promise<JobToken | null>;
}

/** No key begins like it, so that what was sent is known by its looks. */
const PREFIX = 'bjt_';
const TOKEN = /^bjt_([0-9a-z]{4,32})\.([0-9a-f-]{36})\.read\.([0-9a-z]{1,10})\.([\w-]{22})$/;
/** 128 bits are not guessed. */
const CODE_BYTES = 16;

export function isJobToken(credential: string): boolean {
  return credential.startsWith(PREFIX);
}

export function createJobTokens(secret: Secret): JobTokens {
  let key: Uint8Array | undefined;

  async function codeOf(said: string): Promise<string> {
    key ??= derivedKey(await secret(), 'job tokens');
    return createHmac('sha256', key).update(said).digest().subarray(0, CODE_BYTES).toString('base64url');
  }

  return {
    async write({ keyId, jobId, endsAt }) {
      const said = `${PREFIX}${keyId}.${jobId}.read.${endsAt.toString(36)}`;
      return `${said}.${await codeOf(said)}`;
    },
    async read(text, now) {
      const [, keyId, jobId, ends, code] = TOKEN.exec(text) ?? [];
      if (keyId === undefined || jobId === undefined || ends === undefined || code === undefined) return null;
      const said = text.slice(0, -code.length - 1);
      // As texts: the last letter has four bits more than the code, so that sixteen texts would stand for each.
      if (!timingSafeEqual(Buffer.from(code), Buffer.from(await codeOf(said)))) return null;
      const endsAt = Number.parseInt(ends, 36);
      return endsAt > now ? { keyId, jobId, endsAt } : null;
    },
  };
}
