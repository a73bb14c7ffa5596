/**
 * Job numbers that leave the house sealed: they count the jobs of all tenants, so that whoever reads two of them knows what others do.
 *
 * AES-256-GCM over the eight bytes, bound to the tenant: a seal that was altered, or given to another tenant, opens for nobody. Every
 * node that shares the store opens it.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { derivedKey, type Secret } from './secret.ts';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const NUMBER_BYTES = 8;
const SEALED_LENGTH = Math.ceil(((IV_BYTES + NUMBER_BYTES + TAG_BYTES) * 4) / 3);

export interface Seal {
  /** Characters that may stand in a URL: 48 of a number, 22 of a place. */
  seal(tenant: string, number: number): Promise<string>;
  /** Null for what this service did not seal for this tenant. */
  open(tenant: string, sealed: string): Promise<number | null>;
}

export function createSeal(secret: Secret): Seal {
  let key: Uint8Array | undefined;
  const keyOf = async () => {
    key ??= derivedKey(await secret(), 'numbers');
    return key;
  };
  return {
    async seal(tenant, number) {
      const iv = randomBytes(IV_BYTES);
      // A letter first: a dash would make an option of it on a command line.
      iv[0] = (iv[0] as number) & 0x7f;
      const cipher = createCipheriv(CIPHER, await keyOf(), iv).setAAD(Buffer.from(tenant));
      const bytes = Buffer.alloc(NUMBER_BYTES);
      bytes.writeBigUInt64BE(BigInt(number));
      return Buffer.concat([iv, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]).toString('base64url');
    },
    async open(tenant, sealed) {
      if (sealed.length !== SEALED_LENGTH) return null;
      const bytes = Buffer.from(sealed, 'base64url');
      if (bytes.length !== IV_BYTES + NUMBER_BYTES + TAG_BYTES) return null;
      const decipher = createDecipheriv(CIPHER, await keyOf(), bytes.subarray(0, IV_BYTES))
        .setAAD(Buffer.from(tenant))
        .setAuthTag(bytes.subarray(IV_BYTES + NUMBER_BYTES));
      const opened = decipher.update(bytes.subarray(IV_BYTES, IV_BYTES + NUMBER_BYTES));
      try {
        decipher.final();
      } catch {
        return null;
      }
      return Number(opened.readBigUInt64BE());
    },
  };
}
