/**
 * The trace that the work at hand belongs to, wherever a submit is made: of the request that is answered, or of the job that runs.
 *
 * Faces put it here once for all of their requests (`http/read-trace.ts`), so that no dialect needs to know of it. A request without a trace pays one look at
 * its headers. It does not stick to what others do later: every loop of the engine runs outside of it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { TraceContext } from '../../core/trace-context.ts';

const traces = new AsyncLocalStorage<TraceContext | null>();

export function callerTrace(): TraceContext | null {
  return traces.getStore() ?? null;
}

/** Runs `work`, and all that follows from it, as part of that trace, or of none. */
export function withCallerTrace<T>(trace: TraceContext | null, work: () => T): T {
  return callerTrace() === trace ? work() : traces.run(trace, work);
}
