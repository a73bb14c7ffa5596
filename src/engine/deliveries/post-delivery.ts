/**
 * POSTs one delivery to the URL that a caller named.
 *
 * Callers name these URLs and this server stands inside of somebody's network: addresses that are not public are refused, when
 * the name is resolved for this very connection, so that an answer that changes between check and use gets nowhere.
 * `fetch` is not used because it offers no way into its name lookup. Redirects are not followed for the same reason.
 */
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { guardedLookup, refusePrivateHost } from '../../net/guarded-lookup.ts';

export interface Posting {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  /** As it came. */
  readonly retryAfter: string | null;
  /** The beginning of the body as text; null where it is empty. */
  readonly text: string | null;
}

/** Rejects when there was no answer. */
export type PostDelivery = (url: string, posting: Posting, signal: AbortSignal) => Promise<Answer>;

const ANSWER_BYTES_KEPT = 1_024;
/** A longer answer costs its receiver the connection, which would else be used again. */
const ANSWER_BYTES_READ = 64 * 1_024;
/** Callers name any number of hosts, each of which may leave an open connection: without an end, these are all files that may be open. */
const IDLE_MS = 1_000;

export function createPostDelivery(options: { readonly allowsPrivate: boolean }): PostDelivery {
  const { allowsPrivate } = options;
  // Their own, so that no connection that was opened without the guard is ever used under it.
  const kept = { keepAlive: true, timeout: IDLE_MS };
  const agents = { 'http:': new HttpAgent(kept), 'https:': new HttpsAgent(kept) };

  const once = (target: URL, { headers, body }: Posting, signal: AbortSignal, isFresh: boolean) =>
    new Promise<Answer>((resolve, reject) => {
      const isSafe = target.protocol === 'https:';
      const sent = (isSafe ? requestHttps : requestHttp)(target, {
        method: 'POST',
        headers: { 'user-agent': 'bide', ...headers, 'content-length': Buffer.byteLength(body) },
        signal,
        agent: isFresh ? false : agents[isSafe ? 'https:' : 'http:'],
        ...(allowsPrivate ? {} : { lookup: guardedLookup }),
      });
      sent.on('error', (error) => reject(sent.reusedSocket && isCutOff(error) ? new CutOffError() : error));
      sent.on('response', (response) => {
        // The status is there: whatever becomes of the connection now does not change it.
        sent
          .removeAllListeners('close')
          .removeAllListeners('error')
          .on('error', () => {});
        readAnswer(response).then(resolve, reject);
      });
      // Node ends the connection of whoever answers 101, and tells it by no error: neither now nor when the signal fires.
      sent.on('close', () => reject(new Error('The connection was closed without an answer.')));
      sent.end(body);
    });

  return async (url, posting, signal) => {
    const target = URL.parse(url);
    if (target === null || (target.protocol !== 'http:' && target.protocol !== 'https:'))
      throw new Error('The URL is not an http or https URL.');
    if (!allowsPrivate) refusePrivateHost(target);
    try {
      return await once(target, posting, signal, false);
    } catch (error) {
      if (!(error instanceof CutOffError)) throw error;
      // The receiver closed the kept connection as we wrote to it: that is nobody's failure. Another kept one may be closed as well.
      return once(target, posting, signal, true);
    }
  };
}

class CutOffError extends Error {
  override readonly name = 'CutOffError';
}

function isCutOff(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

/** An endless answer is cut, and one that breaks off is an answer all the same: its status came. */
async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const kept: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (bytes < ANSWER_BYTES_KEPT) kept.push(chunk.subarray(0, ANSWER_BYTES_KEPT - bytes));
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES_READ) break;
    }
  } catch {
    response.destroy();
  }
  const text = textOf(Buffer.concat(kept));
  const { statusCode, headers } = response;
  return { status: statusCode ?? 0, retryAfter: headers['retry-after'] ?? null, text: text === '' ? null : text };
}

/** NUL is no text for PostgreSQL; what a cut has left of the last character is left out. */
function textOf(bytes: Buffer): string {
  return new TextDecoder()
    .decode(bytes)
    .replaceAll('\0', '\uFFFD')
    .replace(/\uFFFD$/, '');
}
