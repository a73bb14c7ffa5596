/** One request on its way through the dialect. */
import type { DialectContext } from '../../http/dialect.ts';
import type { DialectCall } from '../call.ts';
import type { Library } from './library.ts';
import type { ToolkitOptions } from './options.ts';

export type Context = DialectContext<ToolkitOptions>;

export interface Call extends DialectCall<ToolkitOptions> {
  readonly library: Library;
}

/** An answer with its status; 200 is the only success that this vendor's clients know. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

export function refusal(status: number, detail: string): Answer {
  return { status, body: { detail } };
}
