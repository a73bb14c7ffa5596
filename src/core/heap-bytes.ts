/**
 * What values hold of the heap, well enough to bound a cache by bytes: estimates that are rather too high than too low.
 *
 * Strings have one byte per character where all of them are Latin-1, else two. Measured on Node 24 with 64-bit pointers; V8 tells nobody.
 */
import type { Job } from './job.ts';

const STRING = 24;
/** An object with a few fields, an array, a boxed number. */
const OBJECT = 56;
const BUFFER = 150;
const FIELD = 16;
/** The fields of a job, its times as boxed numbers, and its places in two maps: 490 bytes as submitted, 600 after some changes. */
const JOB = 800;

const WIDE = /[\u0100-\uffff]/;

export function textBytes(text: string | null): number {
  if (text === null) return 0;
  // Looking takes a nanosecond per character: worth it only where it decides about much.
  const isNarrow = text.length > 1_024 && !WIDE.test(text);
  return STRING + text.length * (isNarrow ? 1 : 2);
}

/** Of anything that JSON can hold. */
export function jsonBytes(value: unknown): number {
  if (typeof value === 'string') return textBytes(value);
  if (typeof value !== 'object' || value === null) return 0;
  if (ArrayBuffer.isView(value)) return BUFFER + value.byteLength;
  let bytes = OBJECT;
  for (const [name, part] of Object.entries(value)) bytes += FIELD + textBytes(name) + jsonBytes(part);
  return bytes;
}

/** A job in memory. Its tenant and type are shared with others of theirs or short. */
export function jobBytes(job: Job): number {
  const texts =
    textBytes(job.sequenceKey) +
    textBytes(job.idempotencyKey) +
    textBytes(job.requestHash) +
    textBytes(job.callbackUrl) +
    textBytes(job.progress.message) +
    textBytes(job.worker);
  const values = jsonBytes(job.origin) + jsonBytes(job.terms) + jsonBytes(job.marks) + jsonBytes(job.error);
  return JOB + texts + values + attemptsBytes(job) + tagBytes(job);
}

/** Most jobs have none, and this runs at each change of each job. */
function attemptsBytes({ attempts }: Job): number {
  return attempts.length === 0 ? 0 : jsonBytes(attempts);
}

function tagBytes({ tags }: Job): number {
  // Most jobs have none, and this runs at each change of each job.
  for (const _ in tags) return jsonBytes(tags);
  return 0;
}
