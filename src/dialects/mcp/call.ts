/** One message of a known caller on its way through the dialect. */
import type { Scope } from '../../core/scopes.ts';
import type { DialectContext } from '../../http/dialect.ts';
import type { DialectCall } from '../call.ts';
import type { OpenStreams } from '../open-streams.ts';
import type { EventStream } from '../streamed-texts.ts';
import type { McpOptions } from './options.ts';
import type { Members, RequestId } from './rpc.ts';
import type { Tools } from './tools/tool-list.ts';
import { META } from './wire.ts';

export type Context = DialectContext<McpOptions>;

/** What the client is, as far as it has said so. */
export interface Peer {
  /** One that began with `initialize`. */
  readonly isLegacy: boolean;
  readonly version: string;
  /** Whether it shows people forms. */
  readonly canElicit: boolean;
  /** Whether a call may be answered with a task, unasked. */
  readonly takesTasks: boolean;
}

export interface Desk {
  readonly tools: Tools;
  readonly streams: OpenStreams;
  readonly serverInfo: { readonly name: string; readonly version: string };
}

export interface Call extends DialectCall<McpOptions> {
  readonly desk: Desk;
  readonly id: RequestId;
  readonly params: Members;
  readonly peer: Peer;
}

export interface Result {
  readonly kind: 'result';
  /** JSON. */
  readonly text: string;
}

/** What becomes of a request: its result, or events of which the last is its answer. */
export type Reply =
  | Result
  | {
      readonly kind: 'stream';
      readonly stream: EventStream;
      /** The result where the server holds as many requests as it may; it is refused without one. */
      readonly otherwise?: () => Promise<string>;
    };

export interface Method {
  /** Null where any key will do, or the method looks by itself. */
  readonly scope: Scope | null;
  readonly run: (call: Call) => Reply | Promise<Reply>;
}

export function result(call: Pick<Call, 'peer' | 'desk'>, value: Members): Result {
  return { kind: 'result', text: JSON.stringify(complete(call, value)) };
}

/** A result as the client's wire has it: that of 2026 says of each that it is one, and who made it. */
export function complete(
  { peer, desk }: Pick<Call, 'peer' | 'desk'>,
  value: Members,
  resultType = 'complete',
): Members {
  if (peer.isLegacy) return value;
  return {
    resultType,
    ...value,
    _meta: { ...(value._meta as object | undefined), [META.serverInfo]: desk.serverInfo },
  };
}
