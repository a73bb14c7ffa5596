/**
 * Reads jobs as snapshots: from memory where memory is certainly current, else in batches from the store.
 *
 * A snapshot carries its small JSON result, so a read of a finished job that is not in memory costs a second batch, once per
 * revision. What a read finds newer than what was known is announced as a change.
 */
import type { Job } from '../../core/job.ts';
import type { JobRef, ReadOutcome, ResultContent, ResultRef } from '../../store/contract.ts';
import type { Snapshot } from '../api.ts';
import { createBatcher } from '../batcher.ts';
import type { EngineBase } from '../engine-base.ts';
import { inlineText, isInline } from './inline-result.ts';
import type { Reading } from './snapshots.ts';

/** What a read finds, whoever owns it. */
export type Found =
  | { readonly kind: 'found'; readonly snapshot: Snapshot }
  | { readonly kind: 'gone'; readonly tenant: string; readonly goneAt: number }
  | { readonly kind: 'missing' };

/** A result, or a slice of it, and how many bytes that is. */
export interface SizedRef extends ResultRef {
  readonly bytes: number;
}

export interface Reader {
  /** From memory, if that is certainly current. */
  peek(id: string): Snapshot | undefined;
  peekByNumber(number: number): Snapshot | undefined;
  /** From memory where that is certainly current, the rest in one go from the store; in the order of `ids`. */
  look(ids: readonly string[]): Promise<readonly Found[]>;
  lookByNumber(numbers: readonly number[]): Promise<readonly Found[]>;
  /** From the store, whatever memory says. */
  fresh(ids: readonly string[]): Promise<readonly Found[]>;
  /** Snapshots of jobs that a list found; their inline results are read in one batch. */
  view(jobs: readonly Job[]): Promise<readonly Snapshot[]>;
  /** The same without reading anything: snapshots without their results, unless they are in memory. */
  bare(jobs: readonly Job[]): readonly Snapshot[];
  result(ref: SizedRef): Promise<ResultContent | null>;
}

export interface ReaderOptions extends EngineBase {
  /** A job that this process runs, as it was claimed: known here though nobody asked for it. */
  readonly runningHere: (id: string) => Job | undefined;
}

export function createReader(options: ReaderOptions): Reader {
  const { store, snapshots } = options;
  const isAuthoritative = !store.facts.isShared;
  const jobs = createBatcher<JobRef, Found>({ ...options, name: 'read', send: (refs) => readJobs(refs) });
  const results = createBatcher<SizedRef, ResultContent | null>({
    ...options,
    name: 'readResult',
    send: (refs) => store.readResult(refs),
    // So that what is read and not handed on yet is one batch, however many callers ask.
    bytesOf: ({ bytes }) => bytes,
    isPaced: true,
  });
  const peek = (id: string) => (isAuthoritative ? snapshots.get(id) : undefined);
  const peekByNumber = (number: number) => (isAuthoritative ? snapshots.getByNumber(number) : undefined);

  return {
    peek,
    peekByNumber,
    look: (ids) => fill(ids, peek, (missing) => jobs.addAll(missing.map((id) => ({ id })))),
    lookByNumber: (numbers) =>
      fill(numbers, peekByNumber, (missing) => jobs.addAll(missing.map((number) => ({ number })))),
    fresh: (ids) => jobs.addAll(ids.map((id) => ({ id }))),
    async view(found) {
      const texts = await textsOf(options, found);
      return found.map((job) => snapshots.view(job, texts.get(job.id) ?? null));
    },
    bare: (found) => found.map((job) => snapshots.view(job, null)),
    result: (ref) => results.add(ref),
  };

  async function fill<Key>(
    keys: readonly Key[],
    known: (key: Key) => Snapshot | undefined,
    read: (missing: readonly Key[]) => Promise<readonly Found[]>,
  ): Promise<readonly Found[]> {
    const missing = keys.filter((key) => known(key) === undefined);
    if (missing.length === keys.length) return read(keys);
    const rest = missing.length === 0 ? [] : await read(missing);
    const found = new Map(missing.map((key, index) => [key, rest[index]]));
    return keys.map((key): Found => {
      const snapshot = known(key);
      return snapshot === undefined ? (found.get(key) ?? { kind: 'missing' }) : { kind: 'found', snapshot };
    });
  }
  async function readJobs(refs: readonly JobRef[]): Promise<readonly Found[]> {
    const reading = snapshots.beginReading();
    try {
      const outcomes = await store.read(refs);
      const found = outcomes.flatMap((outcome) => (outcome.kind === 'found' ? [outcome.job] : []));
      const texts = await textsOf(options, found);
      return outcomes.map((outcome) => foundOf(options, outcome, texts, reading));
    } finally {
      reading.end();
    }
  }
}

function foundOf(
  { snapshots, changes, clock, runningHere }: ReaderOptions,
  outcome: ReadOutcome,
  texts: ReadonlyMap<string, string | null>,
  reading: Reading,
): Found {
  if (outcome.kind === 'missing' || (outcome.kind === 'gone' && outcome.goneUntil <= clock.now())) {
    return { kind: 'missing' };
  }
  if (outcome.kind === 'gone') return outcome;
  const { id } = outcome.job;
  const known = snapshots.get(id)?.job ?? runningHere(id);
  const snapshot = snapshots.putRead(outcome.job, texts.get(id) ?? null, reading);
  const isNews = known !== undefined && known.revision < snapshot.job.revision;
  if (isNews) changes.announce({ kind: 'changed', snapshot, job: snapshot.job, before: known.state, cause: 'learnt' });
  return { kind: 'found', snapshot };
}

/** The inline results of those jobs that have one and whose snapshot of this revision is not in memory. */
async function textsOf(
  { store, snapshots, limits }: EngineBase,
  jobs: readonly Job[],
): Promise<ReadonlyMap<string, string | null>> {
  const wanted = jobs.filter(
    (job) =>
      isInline(job.result, limits.resultInlineBytesMax) && (snapshots.get(job.id)?.job.revision ?? 0) < job.revision,
  );
  if (wanted.length === 0) return new Map();
  const contents = await store.readResult(wanted.map(({ id }) => ({ id })));
  return new Map(wanted.map(({ id }, index) => [id, inlineText(contents[index], limits)]));
}
