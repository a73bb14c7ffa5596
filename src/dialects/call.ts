/** One request of a known caller on its way through a dialect. A folder's own `call.ts` adds what its vendor needs beside. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DialectContext, Principal } from '../http/dialect.ts';

export interface DialectCall<Options> {
  readonly context: DialectContext<Options>;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly principal: Principal;
}

/** What the shared pieces need of a call, whatever its options are. */
export interface AnyCall extends Pick<DialectCall<unknown>, 'request' | 'reply' | 'principal'> {
  readonly context: Pick<DialectContext<unknown>, 'engine' | 'holds'>;
}
