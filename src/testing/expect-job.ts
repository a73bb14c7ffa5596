/**
 * What a test says about a job, and what it is told when that is not so.
 *
 * Failures are plain `AssertionError`s, which every test runner shows; where two values differ they carry both, so that the runner shows the difference.
 */
import { AssertionError } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import type { JobBody } from '../client/wire.ts';

export interface WaitingAs {
  /** `queued` when nothing but a turn is missing, `scheduled` before its time, `retrying` after an attempt that failed. */
  readonly state?: 'queued' | 'scheduled' | 'retrying';
  /** How long it is until its time. */
  readonly inMs?: number;
  /** Attempts that have been made. */
  readonly attempt?: number;
  /** The signal that it waits for. */
  readonly signal?: string;
}

/** Each resolves with the job. */
export interface JobExpectation<Output = unknown> {
  /** With `result`, exactly with this one; a function looks at it and throws what is wrong. */
  toHaveSucceeded(result?: Output | ((result: Output) => void)): Promise<JobBody>;
  /** For good. With `error`, with this code, or with a message that matches. */
  toHaveFailed(error?: string | RegExp): Promise<JobBody>;
  toBeWaiting(as?: WaitingAs): Promise<JobBody>;
  toBeRunning(): Promise<JobBody>;
  toBeCancelled(): Promise<JobBody>;
  /** Its time was over: the timeout of its last attempt (`ATTEMPT_TIMED_OUT`), or its deadline. */
  toHaveExpired(error?: string | RegExp): Promise<JobBody>;
  /** It has said a line that is, or matches, this. */
  toHaveLogged(line: string | RegExp): Promise<JobBody>;
}

export interface JobReads {
  get(): Promise<JobBody>;
  /** The result, however large: what is JSON as its value, else as bytes. */
  result(): Promise<unknown>;
  lines(): Promise<readonly string[]>;
  now(): number;
}

type Assertion = NonNullable<ConstructorParameters<typeof AssertionError>[0]>;

export function expectationOf<Output>(reads: JobReads): JobExpectation<Output> {
  async function inState(wanted: string, isWanted: (job: JobBody) => boolean): Promise<JobBody> {
    const job = await reads.get();
    if (isWanted(job)) return job;
    return fail(`${nameOf(job)} was expected ${wanted}, but ${circumstances(job, reads.now())}`, {
      actual: job.state,
      expected: wanted,
    });
  }

  async function endedWith(wanted: string, as: JobBody['state'], error?: string | RegExp): Promise<JobBody> {
    const job = await inState(wanted, ({ state }) => state === as);
    const { code = '', message = '' } = job.error ?? {};
    if (error === undefined || (error instanceof RegExp ? error.test(message) : error === code)) return job;
    const actual = error instanceof RegExp ? message : code;
    return fail(`${nameOf(job)} has ${as} with ${code} (${message}) instead of ${error}.`, { actual, expected: error });
  }

  return {
    async toHaveSucceeded(...wanted) {
      const job = await inState('to have succeeded', ({ state }) => state === 'succeeded');
      if (wanted.length === 0) return job;
      const [expected] = wanted;
      const actual = await reads.result();
      if (typeof expected === 'function') (expected as (result: unknown) => void)(actual);
      else if (!isDeepStrictEqual(actual, expected))
        fail(`${nameOf(job)} has succeeded with another result: ${shown(actual)} instead of ${shown(expected)}.`, {
          actual,
          expected,
        });
      return job;
    },
    toHaveFailed: (error) => endedWith('to have failed', 'failed', error),
    toHaveExpired: (error) => endedWith('to have expired', 'expired', error),
    async toBeWaiting(as = {}) {
      const job = await inState('to be waiting', isWaiting);
      const actual = waitingOf(job, reads.now());
      for (const [name, expected] of Object.entries(as)) {
        const found = actual[name as keyof WaitingAs];
        if (!isDeepStrictEqual(found, expected))
          fail(`${nameOf(job)} waits with ${name} ${shown(found)} instead of ${shown(expected)}.`, {
            actual: found,
            expected,
          });
      }
      return job;
    },
    toBeRunning: () => inState('to be running', ({ state }) => state === 'running'),
    toBeCancelled: () => inState('to be cancelled', ({ state }) => state === 'cancelled'),
    async toHaveLogged(wanted) {
      const job = await reads.get();
      const lines = await reads.lines();
      if (lines.some((line) => (wanted instanceof RegExp ? wanted.test(line) : line === wanted))) return job;
      const said = lines.length === 0 ? 'it has logged nothing' : `its lines are ${shown(lines)}`;
      return fail(`${nameOf(job)} was expected to have logged ${wanted}, but ${said}.`, {
        actual: lines,
        expected: wanted,
      });
    },
  };
}

function fail(message: string, values: Pick<Assertion, 'actual' | 'expected'>): never {
  throw new AssertionError({ message, ...values, operator: 'expectJob', stackStartFn: fail });
}

function nameOf({ id, type }: JobBody): string {
  return `Job ${id} (${type})`;
}

function isWaiting({ state }: JobBody): boolean {
  return state === 'queued' || state === 'scheduled' || state === 'retrying';
}

function waitingOf({ state, runAt, attempt, waitingFor }: JobBody, now: number): WaitingAs {
  return {
    state: state as NonNullable<WaitingAs['state']>,
    inMs: Math.max(0, Date.parse(runAt) - now),
    attempt,
    ...(waitingFor !== undefined && 'signal' in waitingFor ? { signal: waitingFor.signal } : {}),
  };
}

/** How it stands with the job, and what the test may have left out. */
function circumstances(job: JobBody, now: number): string {
  const { state, runAt, attempt, attemptsMax, error, waitingFor } = job;
  const failure = error === null ? '' : `: ${error.code}, ${error.message}`;
  if (state === 'running')
    return 'it is running. A handler that waits for its timeout needs time to pass: await bide.clock.advance(ms).';
  if (!isWaiting(job)) return `it is ${state}${state === 'succeeded' ? ` with ${shown(job.result)}` : failure}.`;
  if (waitingFor !== undefined) return `it is ${state}: it waits for ${shown(waitingFor)}.`;
  const leftMs = Date.parse(runAt) - now;
  if (leftMs > 0) {
    const tried = attempt === 0 ? '' : ` after attempt ${attempt} of ${attemptsMax} failed${failure}`;
    return `it is ${state}${tried}. Its time is in ${leftMs} ms: await bide.clock.advance(${leftMs}).`;
  }
  return `it is ${state}. Nothing runs by itself in a test: await bide.runNow(), and answer remote types with bide.work().`;
}

const SHOWN_LENGTH_MAX = 500;

function shown(value: unknown): string {
  const text = value instanceof Uint8Array ? `${value.byteLength} bytes` : (JSON.stringify(value) ?? String(value));
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}…` : text;
}
