/**
 * Waiting for many jobs at once: one request holds for up to a thousand of them, and only the open ones are asked for again.
 *
 * More ids than one request takes are split. For `all` the parts are waited for one after another, which takes no longer in
 * all; for `any` they are held side by side, and when one has its job the others are read a last time without a hold.
 */
import { type HoldLoop, holdLoop, secondsOf } from './hold-loop.ts';
import { jobsIn } from './job-answer.ts';
import { idOf, type JobRef } from './job-ref.ts';
import { requireKnown } from './known-options.ts';
import type { Transport } from './transport.ts';
import { isFinished, type WaitOptions } from './waiting.ts';
import type { JobBody, UnknownJob } from './wire.ts';

export interface WaitManyOptions extends WaitOptions {
  /** `all` (the default): until every known job is final. `any`: until one is. */
  readonly for?: 'all' | 'any' | undefined;
}

export interface WaitedMany {
  /** False when the time ran out, and when a job of `all`, or each of `any`, is unknown: nothing is left to wait for then. */
  readonly isSatisfied: boolean;
  /** In the order of the ids. */
  readonly jobs: readonly Seen[];
}

type Seen = JobBody | UnknownJob;
type Latest = ReadonlyMap<string, Seen>;

interface Part {
  readonly ids: readonly string[];
  readonly mode: 'all' | 'any';
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  /** Fires when another part has what is waited for. */
  readonly stop: AbortSignal;
}

/** Ids in one request: the server's default `idsPerCallMax`. */
const IDS_PER_CALL = 1_000;

export function waitingMany(transport: Transport) {
  const loop = holdLoop(transport);

  return async function waitMany(refs: readonly JobRef[], options: WaitManyOptions = {}): Promise<WaitedMany> {
    requireKnown('waitMany', options, ['for', 'timeoutMs', 'signal']);
    const ids = refs.map(idOf);
    const mode = options.for ?? 'all';
    const deadline = loop.deadlineOf(options.timeoutMs);
    const found = new AbortController();
    const parts = partsOf([...new Set(ids)]).map((part) => {
      return { ids: part, mode, deadline, signal: options.signal, stop: found.signal };
    });
    const latest = mode === 'all' ? await inTurn(transport, loop, parts) : await race(transport, loop, parts, found);
    const jobs = ids.map((id): Seen => latest.get(id) ?? { id, state: 'unknown' });
    return { isSatisfied: mode === 'any' ? jobs.length === 0 || hasFinished(jobs) : jobs.every(isDone), jobs };
  };
}

async function inTurn(transport: Transport, loop: HoldLoop, parts: readonly Part[]): Promise<Latest> {
  const latest = new Map<string, Seen>();
  for (const part of parts) for (const [id, job] of await waitPart(transport, loop, part)) latest.set(id, job);
  return latest;
}

async function race(
  transport: Transport,
  loop: HoldLoop,
  parts: readonly Part[],
  found: AbortController,
): Promise<Latest> {
  const runs = parts.map(async (part) => {
    const latest = await waitPart(transport, loop, part);
    if (hasFinished([...latest.values()])) found.abort();
    return latest;
  });
  const settled = await Promise.all(runs).catch((error: unknown) => {
    found.abort();
    throw error;
  });
  return new Map(settled.flatMap((latest) => [...latest]));
}

async function waitPart(transport: Transport, loop: HoldLoop, part: Part): Promise<Latest> {
  const latest = new Map<string, Seen>();
  for (;;) {
    const startedAt = transport.now();
    const open = part.ids.filter((id) => isOpen(latest.get(id)));
    const isLast = part.stop.aborted;
    const deadline = isLast ? startedAt : part.deadline;
    const jobs = await loop.held(deadline, part.signal, (holdMs, onCut) =>
      holdOpen(transport, part, open, { holdMs, onCut }),
    );
    if (jobs === null) continue;
    for (const [at, id] of open.entries()) latest.set(id, jobs[at] ?? { id, state: 'unknown' });
    const seen = [...latest.values()];
    const isOver = isLast || transport.now() >= part.deadline;
    if (isOver || seen.every(isFinished) || (part.mode === 'any' && hasFinished(seen))) return latest;
    await loop.keepPace(startedAt, part.deadline, part.signal);
  }
}

/** Null when another part ended the hold. */
async function holdOpen(
  transport: Transport,
  part: Part,
  ids: readonly string[],
  { holdMs, onCut }: { readonly holdMs: number; readonly onCut: (heldMs: number) => void },
): Promise<readonly Seen[] | null> {
  const signals = [part.signal, holdMs > 0 ? part.stop : undefined].filter((signal) => signal !== undefined);
  const json = { ids, for: part.mode, timeout: Number(secondsOf(holdMs)) };
  const signal = signals.length === 0 ? undefined : AbortSignal.any(signals);
  const call = { method: 'POST', path: '/v1/jobs/wait', json, isRepeatable: true, holdMs, onCut, signal } as const;
  try {
    return jobsIn(await transport.call(call), ids.length);
  } catch (error) {
    if (part.stop.aborted && part.signal?.aborted !== true && holdMs > 0) return null;
    throw error;
  }
}

function isOpen(job: Seen | undefined): boolean {
  return job === undefined || !isFinished(job);
}

/** An unknown id never counts as the one that finished. */
function hasFinished(jobs: readonly Seen[]): boolean {
  return jobs.some(isDone);
}

function isDone(job: Seen): boolean {
  return job.state !== 'unknown' && isFinished(job);
}

function partsOf(ids: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(ids.length / IDS_PER_CALL);
  return Array.from({ length: count }, (_, at) => ids.slice(at * IDS_PER_CALL, (at + 1) * IDS_PER_CALL));
}
