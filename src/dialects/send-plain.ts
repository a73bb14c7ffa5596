/**
 * Answers of the hot path: a text that is there already, written past Fastify's reply.
 *
 * Fastify's reply costs a status read about a tenth (header objects, hooks that are not there, a second measuring of the body). Dialects run
 * in instances of their own whose only hook is the one for errors, so that nobody misses the answer.
 */
import type { FastifyReply } from 'fastify';
import { admitAnswer } from '../http/answers.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
/** As every other answer has them (`http/dialect-app.ts`). */
const GUARDS = ['cache-control', 'no-store', 'x-content-type-options', 'nosniff'];

/** Only for a reply on which nothing was set before. The handler returns what this returns: nothing, the answer is out. */
export function sendPlainJson(
  reply: FastifyReply,
  text: string,
  code = 200,
  /** Names and values in turn. */
  more: readonly string[] = [],
): undefined {
  admitAnswer(reply, text.length);
  reply.hijack();
  const length = String(Buffer.byteLength(text));
  reply.raw.writeHead(code, ['content-type', JSON_TYPE, 'content-length', length, ...GUARDS, ...more]);
  reply.raw.end(text);
  return undefined;
}
