/**
 * Jobs as people name them: a whole id, its first characters, or (with an admin's key) its number.
 *
 * Ids begin with the time of their submit, so the first characters are looked for among the jobs of that time, and no other.
 */
import type { Client } from '../client/index.ts';
import { usageError } from './usage-error.ts';

const WHOLE = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const PREFIX = /^[0-9a-f-]+$/i;
/** Ids begin with 0 until the year 2527, numbers never do. */
const NUMBER = /^#?([1-9]\d{0,14})$/;
/** Eight hex digits are 65 seconds; fewer would be hours of jobs to look through. */
const DIGITS_MIN = 8;
/** Of the 32 of an id, the first twelve are milliseconds. */
const TIME_DIGITS = 12;
/** The time in an id may be ahead of that of the submit while a clock is set back. */
const SLACK_MS = 10_000;
const LOOKED_AT_MAX = 5_000;
const PAGE = 500;

/** The ids in the order of `refs`. What finds no job is left as it is: the server says so in its own words. */
export function jobIdsOf(client: Client, refs: readonly string[]): Promise<readonly string[]> {
  return Promise.all(refs.map((ref) => jobIdOf(client, ref)));
}

export async function jobIdOf(client: Client, ref: string): Promise<string> {
  if (WHOLE.test(ref)) return ref;
  const number = NUMBER.exec(ref)?.[1];
  if (number !== undefined) return (await firstOf(client, Number(number))) ?? ref;
  if (!PREFIX.test(ref)) return ref;
  const digits = ref.replaceAll('-', '').toLowerCase();
  if (digits.length < DIGITS_MIN || digits.length > 32)
    throw usageError(`${ref} is too short for the beginning of an id: give ${DIGITS_MIN} characters or more.`);
  return one(ref, await beginningWith(client, ref, digits));
}

async function firstOf(client: Client, number: number): Promise<string | null> {
  for await (const job of client.list({ number })) return job.id;
  return null;
}

async function beginningWith(client: Client, ref: string, digits: string): Promise<readonly string[]> {
  const time = digits.slice(0, TIME_DIGITS);
  const from = Number.parseInt(time.padEnd(TIME_DIGITS, '0'), 16) - SLACK_MS;
  const before = Number.parseInt(time.padEnd(TIME_DIGITS, 'f'), 16) + SLACK_MS;
  const found: string[] = [];
  let count = 0;
  const span = { createdFrom: new Date(Math.max(0, from)), createdBefore: new Date(before), pageSize: PAGE };
  for await (const { id } of client.list(span)) {
    if (id.replaceAll('-', '').startsWith(digits)) found.push(id);
    count += 1;
    if (count === LOOKED_AT_MAX)
      throw usageError(`More than ${LOOKED_AT_MAX} jobs were submitted around ${ref}: give the whole id.`);
  }
  return found;
}

function one(ref: string, ids: readonly string[]): string {
  if (ids.length <= 1) return ids[0] ?? ref;
  const some = ids.slice(0, 3).join(', ');
  throw usageError(
    `${ref} is the beginning of ${ids.length} ids (${some}${ids.length > 3 ? ', …' : ''}): give more of it.`,
  );
}
