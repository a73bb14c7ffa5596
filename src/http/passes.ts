/**
 * Passes: a key and a job by their ids, with a code that only this service writes.
 *
 * A pass names its key, so that it ends with it, and holds nothing that leads to the key itself. It has no end of its own: what it shows
 * ends with the job.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { derivedKey, type Secret } from './secret.ts';

export interface Pass {
  readonly keyId: string;
  readonly jobId: string;
}

export interface Passes {
  /** Letters, digits, dots, hyphens and underscores: it stands in a URL as it is. */
  write(pass: Pass): Promise<string>;
  /** Null for what this service did not write. */
  read(text: string): Promise<Pass | null>;
}

const PASS = /^([0-9a-z]{4,32})\.([0-9a-f-]{36})\.([\w-]{22})$/;
/** 128 bits are not guessed. */
const CODE_BYTES = 16;

export function createPasses(secret: Secret): Passes {
  let key: Uint8Array | undefined;

  async function codeOf({ keyId, jobId }: Pass): Promise<Buffer> {
    key ??= derivedKey(await secret(), 'passes');
    return createHmac('sha256', key).update(`${keyId}.${jobId}`).digest().subarray(0, CODE_BYTES);
  }

  return {
    async write(pass) {
      return `${pass.keyId}.${pass.jobId}.${(await codeOf(pass)).toString('base64url')}`;
    },
    async read(text) {
      const [, keyId, jobId, code] = PASS.exec(text) ?? [];
      if (keyId === undefined || jobId === undefined || code === undefined) return null;
      const pass = { keyId, jobId };
      return timingSafeEqual(Buffer.from(code, 'base64url'), await codeOf(pass)) ? pass : null;
    },
  };
}
