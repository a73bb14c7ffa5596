/**
 * How much one reading of a conversation may make: without it, 16 MiB of "A. A. A." becomes five million messages and gigabytes of JSON.
 * Whatever is made is paid for before it is made, by about the bytes that it takes in the answer.
 */
import { BideError } from '../../core/errors.ts';

export interface Budget {
  /** RESULT_TOO_LARGE when there is no more. */
  spend(bytes: number): void;
}

export function createBudget(bytesMax: number): Budget {
  let left = bytesMax;
  return {
    spend(bytes) {
      left -= bytes;
      if (left < 0) throw tooMuch(bytesMax);
    },
  };
}

export function tooMuch(bytesMax: number): BideError {
  return new BideError(
    'RESULT_TOO_LARGE',
    `This is more than one answer about conversations may take (${bytesMax} bytes, readBytesMax): ask for less, or fetch the results of the jobs from the native API.`,
    { limit: 'readBytesMax', value: bytesMax },
  );
}
