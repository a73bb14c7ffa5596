/** One request on its way through the dialect. */
import type { DialectContext } from '../../http/dialect.ts';
import type { DialectCall } from '../call.ts';
import type { LroOptions } from './options.ts';

export type Context = DialectContext<LroOptions>;
export type Call = DialectCall<LroOptions>;

export interface Answer {
  readonly status: number;
  readonly text: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export function ok(body: unknown): Answer {
  return { status: 200, text: JSON.stringify(body) };
}

/** The parts of the path. */
export function paramOf(call: Call, name: string): string {
  return (call.request.params as Readonly<Record<string, string>>)[name] ?? '';
}
