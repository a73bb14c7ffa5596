/**
 * The functions of the playground, as handler threads import them: without the schemas of their inputs, which are checked in the main
 * thread only and take longer to load than everything else here.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { JobContext } from '../handlers/function/job-context.ts';
import { PermanentError } from '../handlers/function/permanent-error.ts';
import { findCertificates } from './certificates.ts';

export interface SleepInput {
  /** How long in all. */
  readonly ms: number;
  /** Into how many parts the time is cut; progress is told after each. */
  readonly steps: number;
  /** What the job gives back; how long it slept when left out. */
  readonly result?: unknown;
  /** Fails with this message after the sleep. */
  readonly fail?: string;
  /** Only so many attempts fail; all of them when left out beside `fail`. */
  readonly failTimes?: number;
  /** Gives so many bytes back instead of JSON. */
  readonly bytes?: number;
  /** Says so many lines before it sleeps. */
  readonly lines?: number;
  /** Emits a chunk after each part. */
  readonly emits?: boolean;
}

export const functions = { types: { echo, sleep, sql: refuseQuery, certificates: findCertificates } };

/** In place of `sql` where the optional package is missing: the dialects that name the type are served all the same. */
export function refuseQuery(): never {
  throw new PermanentError('Queries need the package @duckdb/node-api, which is not installed beside bide.');
}

export function echo(input: unknown): unknown {
  return input;
}

export async function sleep(input: SleepInput, context: JobContext): Promise<unknown> {
  for (let line = 1; line <= (input.lines ?? 0); line += 1) context.log(`line ${line} of ${input.lines}`, { line });
  for (let step = 1; step <= input.steps; step += 1) {
    await pause(input.ms / input.steps, undefined, { signal: context.signal });
    if (input.emits === true) context.emit(`part ${step} of ${input.steps}\n`);
    context.progress((step / input.steps) * 100, `step ${step} of ${input.steps}`);
  }
  const isFailing = input.fail !== undefined || input.failTimes !== undefined;
  if (isFailing && context.attempt <= (input.failTimes ?? Number.POSITIVE_INFINITY)) {
    throw new Error(input.fail ?? `attempt ${context.attempt} fails, as asked`);
  }
  if (input.bytes !== undefined) return new Uint8Array(input.bytes).fill('z'.charCodeAt(0));
  return input.result === undefined ? { sleptMs: input.ms } : input.result;
}
