/** Waiting for one job: until it is done, or revision by revision. */
import { holdLoop, secondsOf } from './hold-loop.ts';
import { jobIn } from './job-answer.ts';
import type { JobRef } from './job-ref.ts';
import { requireKnown } from './known-options.ts';
import { pathOf } from './path-of.ts';
import type { Transport } from './transport.ts';
import type { JobBody, UnknownJob } from './wire.ts';

export interface WaitOptions {
  /** Longest wait in all; without one until done. A server that stays away ends a wait with its error. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Waited {
  /** False when the time ran out first: `job` is then its latest snapshot. */
  readonly isSatisfied: boolean;
  readonly job: JobBody;
}

/** Nothing more will happen to it (unless somebody retries it), or there is no such job. */
export function isFinished(job: JobBody | UnknownJob): boolean {
  return job.state === 'unknown' || job.finishedAt !== null;
}

export function waiting(transport: Transport) {
  const loop = holdLoop(transport);

  async function wait(id: JobRef, options: WaitOptions = {}): Promise<Waited> {
    requireKnown('wait', options, ['timeoutMs', 'signal']);
    const { signal } = options;
    const deadline = loop.deadlineOf(options.timeoutMs);
    for (;;) {
      const startedAt = transport.now();
      const job = await loop.held(deadline, signal, async (holdMs, onCut) => {
        const query = new URLSearchParams({ wait: secondsOf(holdMs) });
        const call = { method: 'GET', path: pathOf(id), query, isRepeatable: true, holdMs, onCut, signal } as const;
        return jobIn(await transport.call(call));
      });
      if (isFinished(job)) return { isSatisfied: true, job };
      if (transport.now() >= deadline) return { isSatisfied: false, job };
      await loop.keepPace(startedAt, deadline, signal);
    }
  }

  /** The snapshot now, then one after every change, the final one last. A slow reader misses some in between, never the last. */
  async function* watch(id: JobRef, options: { readonly signal?: AbortSignal | undefined } = {}) {
    requireKnown('watch', options, ['signal']);
    const get = { method: 'GET', path: pathOf(id), isRepeatable: true, signal: options.signal } as const;
    let answer = await transport.call(get);
    let job = jobIn(answer);
    yield job;
    while (!isFinished(job)) {
      const startedAt = transport.now();
      const headers = { 'if-none-match': answer.headers.get('etag') ?? `"${job.revision}"` };
      const known = job;
      const { next, seen } = await loop.held(Number.POSITIVE_INFINITY, options.signal, async (holdMs, onCut) => {
        const query = new URLSearchParams({ wait: secondsOf(holdMs), until: 'change' });
        const next = await transport.call({ ...get, query, headers, holdMs, onCut });
        return { next, seen: next.status === 304 ? known : jobIn(next) };
      });
      if (seen.revision === job.revision) await loop.keepPace(startedAt, Number.POSITIVE_INFINITY, options.signal);
      if (seen.revision !== job.revision || seen.state !== job.state) yield seen;
      if (next.status !== 304) answer = next;
      job = seen;
    }
  }

  return { wait, watch };
}
