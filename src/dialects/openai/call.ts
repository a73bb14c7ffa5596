/** One request on its way through the dialect. */
import type { DialectContext } from '../../http/dialect.ts';
import type { DialectCall } from '../call.ts';
import type { OpenaiOptions } from './options.ts';

export type Context = DialectContext<OpenaiOptions>;
export type Call = DialectCall<OpenaiOptions>;

/** An answer with its status, as JSON text. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function ok(text: string): Answer {
  return { status: 200, text };
}

export function param({ request }: Pick<Call, 'request'>, name: string): string {
  return (request.params as Readonly<Record<string, string>>)[name] ?? '';
}
