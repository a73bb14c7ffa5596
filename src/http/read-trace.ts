/** Requests of a face, whatever its dialect, as part of the trace that their headers name (W3C Trace Context). */
import type { FastifyInstance } from 'fastify';
import { traceContextOf } from '../core/trace-context.ts';
import { withCallerTrace } from '../engine/tracing/caller-trace.ts';

export function readTraces(app: FastifyInstance): void {
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    const { traceparent, tracestate } = raw.headers;
    const trace = traceparent === undefined ? null : traceContextOf(traceparent, tracestate);
    if (trace === null) done();
    else withCallerTrace(trace, done);
  });
}
