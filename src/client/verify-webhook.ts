/**
 * For receivers: whether a message really comes from the holder of the secret, and is not an old one sent again.
 *
 * By Standard Webhooks, with WebCrypto: Node, browsers and edge runtimes alike. The body is what arrived, byte for byte; parsed and written
 * anew it is another one.
 */
import {
  ID_HEADER,
  SIGNATURE_HEADER,
  secretBytes,
  signedText,
  TIMESTAMP_HEADER,
  TOLERANCE_SECONDS,
} from '../core/webhooks/signature.ts';
import { requireKnown } from './known-options.ts';
import type { WebhookEvent } from './wire-webhooks.ts';

export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

export interface VerifyOptions {
  /** How far the time of the message may be from this machine's; five minutes unless told. */
  readonly toleranceSeconds?: number | undefined;
  /** Epoch ms. */
  readonly now?: number | undefined;
}

/** The message is not to be trusted; answer it with 401. */
export class WebhookVerificationError extends Error {
  override readonly name = 'WebhookVerificationError';
}

/** Words of the header that are looked at: there are two while a secret is replaced. */
const SIGNATURES_MAX = 10;
const TIMESTAMP = /^\d{1,12}$/;

/**
 * The event. Throws `WebhookVerificationError` for a message that is not signed with the secret (or one of them), or is too old.
 * @param body text or bytes as they arrived
 */
export async function verifyWebhook(
  secret: string | readonly string[],
  headers: WebhookHeaders,
  body: string | Uint8Array,
  options: VerifyOptions = {},
): Promise<WebhookEvent> {
  requireKnown('verifyWebhook', options, ['toleranceSeconds', 'now']);
  const keys = [secret].flat().map(requireSecret);
  const id = headerOf(headers, ID_HEADER);
  const timestamp = headerOf(headers, TIMESTAMP_HEADER);
  const signatures = headerOf(headers, SIGNATURE_HEADER);
  requireRecent(timestamp, options);
  const text = typeof body === 'string' ? body : new TextDecoder('utf-8', { ignoreBOM: true }).decode(body);
  const signed = new TextEncoder().encode(signedText(id, timestamp, text));
  for (const key of keys) {
    if (await isSigned(key, signatures, signed)) return JSON.parse(text) as WebhookEvent;
  }
  throw new WebhookVerificationError('No signature of the message fits the secret.');
}

function requireSecret(secret: string): Uint8Array<ArrayBuffer> {
  const bytes = secretBytes(secret);
  if (bytes === null) throw new TypeError('The secret is not whsec_ and 24 to 64 bytes as base64.');
  return bytes;
}

function headerOf(headers: WebhookHeaders, name: string): string {
  const found = headers instanceof Headers ? headers.get(name) : plainHeader(headers, name);
  if (typeof found === 'string' && found !== '') return found;
  throw new WebhookVerificationError(`The message has no header ${name}.`);
}

/** Node has them in lower case; others may not. */
function plainHeader(headers: Exclude<WebhookHeaders, Headers>, name: string): unknown {
  if (headers[name] !== undefined) return headers[name];
  return Object.entries(headers).find(([spelled]) => spelled.toLowerCase() === name)?.[1];
}

function requireRecent(timestamp: string, { toleranceSeconds = TOLERANCE_SECONDS, now = Date.now() }: VerifyOptions) {
  if (!TIMESTAMP.test(timestamp)) throw new WebhookVerificationError('The time of the message is not a number.');
  const ageSeconds = Math.abs(Math.floor(now / 1_000) - Number(timestamp));
  if (ageSeconds > toleranceSeconds) {
    throw new WebhookVerificationError(`The message is ${ageSeconds} s away from this clock: it may be an old one.`);
  }
}

/** WebCrypto compares in constant time. */
async function isSigned(
  secret: Uint8Array<ArrayBuffer>,
  signatures: string,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const hmac = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', secret, hmac, false, ['verify']);
  for (const word of signatures.split(' ', SIGNATURES_MAX)) {
    const bytes = word.startsWith('v1,') ? bytesOf(word.slice(3)) : null;
    if (bytes !== null && (await crypto.subtle.verify('HMAC', key, bytes, signed))) return true;
  }
  return false;
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
