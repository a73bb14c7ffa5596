/**
 * Job numbers for callers whose ids must be numbers: the same numbers in an order that only the key knows.
 *
 * The store counts the jobs of all tenants in one sequence, so that whoever reads two plain numbers knows how busy all others were
 * between. Here 0 to 2^53 - 1 is permuted: every number keeps exactly one id, which is a safe integer, and each node that shares
 * the store's secret finds it again without a look-up. A Feistel network over 26 and 27 bits whose rounds are AES; six rounds,
 * where four are enough against somebody who may choose what is encrypted, which nobody may here.
 */
import { createCipheriv } from 'node:crypto';
import { derivedKey, type Secret } from './secret.ts';

export interface NumberCipher {
  /** @param number a safe integer, not negative. */
  seal(number: number): number;
  /** What was sealed as this; of an id that nobody gave out, some number that means nothing. */
  open(id: number): number;
}

const ROUNDS = 6;
const BLOCK_BYTES = 16;
const REMEMBERED_MAX = 10_000;
/** Of the two halves; they take turns. */
const WIDTHS = [2 ** 26, 2 ** 27] as const;

/** The one cipher of a store, made when it is first asked for. */
export function createJobIds(secret: Secret): () => Promise<NumberCipher> {
  let cipher: NumberCipher | undefined;
  return async () => {
    cipher ??= jobIdsOf(await secret());
    return cipher;
  };
}

export function jobIdsOf(secret: Uint8Array): NumberCipher {
  return remembering(createNumberCipher(derivedKey(secret, 'job ids')));
}

/** Pollers ask for the same few ids again and again: a look-up in place of six rounds. */
function remembering(cipher: NumberCipher): NumberCipher {
  const opened = new Map<number, number>();
  return {
    seal: cipher.seal,
    open(id) {
      const known = opened.get(id);
      if (known !== undefined) return known;
      // 16 bytes and an entry each; to begin anew costs less than to know which is the oldest.
      if (opened.size >= REMEMBERED_MAX) opened.clear();
      const number = cipher.open(id);
      opened.set(id, number);
      return number;
    },
  };
}

/** @param key 32 bytes. */
export function createNumberCipher(key: Uint8Array): NumberCipher {
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  const block = Buffer.alloc(BLOCK_BYTES);
  const mixed = (round: number, half: number): number => {
    block.writeUInt32BE(round, 0);
    block.writeUInt32BE(half, BLOCK_BYTES - 4);
    return cipher.update(block).readUInt32BE(0);
  };
  return {
    seal(number) {
      let left = Math.floor(number / WIDTHS[1]);
      let right = number % WIDTHS[1];
      for (let round = 0; round < ROUNDS; round += 1) {
        const width = widthOf(round);
        [left, right] = [right, (left + mixed(round, right)) % width];
      }
      return left * WIDTHS[1] + right;
    },
    open(id) {
      let left = Math.floor(id / WIDTHS[1]);
      let right = id % WIDTHS[1];
      for (let round = ROUNDS - 1; round >= 0; round -= 1) {
        const width = widthOf(round);
        [left, right] = [(((right - mixed(round, left)) % width) + width) % width, left];
      }
      return left * WIDTHS[1] + right;
    },
  };
}

function widthOf(round: number): number {
  return round % 2 === 0 ? WIDTHS[0] : WIDTHS[1];
}
