/**
 * Answers under way: bytes that were made for a reader and that they have not taken yet.
 *
 * Whoever asks for large answers and reads none of them would have them kept in memory: 60 unread results of 16 MB were 1 GB. So each
 * large answer counts for its tenant from when it is made until the socket has taken it or is gone; past the bound the next one is refused,
 * and the listener cuts whoever takes nothing for `limits.answerStallMs`. Small answers are not counted: sockets and their number bound them.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { BideError } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import { tenantOf } from './caller.ts';
import { createShares } from './shares.ts';

/** Up to this size an answer is about what the kernel keeps for a socket anyway. */
export const SMALL_BYTES = 64 * 1_024;

export interface Answers {
  /** Counts an answer until it is out. Throws TOO_MANY_ANSWERS where the tenant, or all together, have too much unread. */
  admit(reply: FastifyReply, bytes: number): void;
  readonly bytes: number;
  readonly refusedCount: number;
}

export type AnswerLimits = Pick<Limits, 'answerBytesMax' | 'answerBytesPerTenantMax'>;

export function createAnswers(limits: AnswerLimits): Answers {
  const shares = createShares({ each: limits.answerBytesPerTenantMax, all: limits.answerBytesMax, isOneFree: true });
  let refusedCount = 0;
  return {
    admit({ request, raw }, bytes) {
      if (bytes <= SMALL_BYTES || raw.destroyed) return;
      const tenant = tenantOf(request.raw);
      if (!shares.take(tenant, bytes)) {
        refusedCount += 1;
        throw tooMany(limits);
      }
      raw.once('close', () => shares.giveBack(tenant, bytes));
    },
    get bytes() {
      return shares.used;
    },
    get refusedCount() {
      return refusedCount;
    },
  };
}

function tooMany({ answerBytesPerTenantMax: value }: AnswerLimits): BideError {
  const detail = `Earlier answers to this tenant are not read yet; together they may have ${value} bytes (answerBytesPerTenantMax).`;
  return new BideError('TOO_MANY_ANSWERS', detail, { limit: 'answerBytesPerTenantMax', value });
}

const ANSWERS = Symbol('bide.answers');
type Carrier = { [ANSWERS]?: Answers };

/** Counts every large answer of this instance, and makes `admitAnswer` work for those that go past Fastify's reply. */
export function countAnswers(app: FastifyInstance, answers: Answers): void {
  app.decorate(ANSWERS, answers);
  app.addHook('onSend', (_request, reply, payload, done) => {
    try {
      if (typeof payload === 'string' || payload instanceof Uint8Array) answers.admit(reply, payload.length);
      done(null, payload);
    } catch (error) {
      done(error as Error);
    }
  });
}

/** For answers that no hook sees, and for streams, which count with what they keep. Inside somebody's own app nothing is counted. */
export function admitAnswer(reply: FastifyReply, bytes: number): void {
  if (bytes > SMALL_BYTES) (reply.server as unknown as Carrier)[ANSWERS]?.admit(reply, bytes);
}
