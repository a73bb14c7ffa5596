/** From a call of a tool to the job that does it. */
import { BideError } from '../../../core/errors.ts';
import type { Json } from '../../../core/job.ts';
import { type TraceContext, traceContextOf } from '../../../core/trace-context.ts';
import type { Snapshot } from '../../../engine/api.ts';
import { submitOne } from '../../submit-one.ts';
import type { Call } from '../call.ts';
import { DIALECT } from '../mapping.ts';
import { INVALID_PARAMS, isMembers, type Members, RpcError } from '../rpc.ts';
import type { Tool } from './tool-list.ts';

export interface Started {
  readonly kind: 'started';
  readonly snapshot: Snapshot;
}

/** What a model can put right by itself: it is told so as the tool's own error. */
export interface Unfit {
  readonly kind: 'unfit';
  readonly message: string;
}

/** @param retainMs how long its result is wanted */
export async function startJob(call: Call, tool: Tool, retainMs: number | null): Promise<Started | Unfit> {
  const { context, principal, params } = call;
  const trace = traceOf(params);
  try {
    const snapshot = await submitOne(
      context.engine,
      {
        tenant: principal.tenant,
        type: tool.type,
        input: inputOf(tool, argumentsOf(params)),
        retainMs,
        origin: ORIGIN,
        ...(trace === null ? {} : { trace }),
      },
      (path) => nameOf(tool, path),
    );
    return { kind: 'started', snapshot };
  } catch (error) {
    if (error instanceof BideError && UNFIT.has(error.code)) return { kind: 'unfit', message: error.message };
    throw error;
  }
}

const ORIGIN = Object.freeze({ dialect: DIALECT, data: null });
const UNFIT: ReadonlySet<string> = new Set(['INPUT_INVALID', 'INVALID_REQUEST']);

export function argumentsOf({ arguments: given = {} }: Members): Members {
  if (isMembers(given)) return given;
  throw new RpcError(INVALID_PARAMS, 'arguments must be an object.');
}

/**
 * The trace that the call says it is a part of (SEP-414): a message has one of its own, which says more than the headers of its request. Without one
 * that is in order theirs holds.
 */
function traceOf({ _meta: meta }: Members): TraceContext | null {
  return isMembers(meta) ? traceContextOf(meta.traceparent, meta.tracestate) : null;
}

function inputOf({ isWrapped }: Tool, given: Members): Json {
  return (isWrapped ? (given.input ?? null) : given) as Json;
}

/** The argument at a path of the input. */
function nameOf({ isWrapped }: Tool, path: string): string {
  const dotted = path.slice(1).replaceAll('/', '.');
  return isWrapped ? `input${dotted === '' ? '' : `.${dotted}`}` : dotted;
}
