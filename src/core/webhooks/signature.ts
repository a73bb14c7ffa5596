/**
 * What is signed, by the specification Standard Webhooks 1.0: `id.timestamp.body`, HMAC-SHA-256 with the bytes of a secret that is written
 * `whsec_` and base64. The hashing itself is done where there is a hash: by the sender with Node, by receivers with WebCrypto.
 */
const PREFIX = 'whsec_';
/** Of the specification: 192 to 512 bits. */
export const SECRET_BYTES = { min: 24, max: 64 } as const;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

export const ID_HEADER = 'webhook-id';
export const TIMESTAMP_HEADER = 'webhook-timestamp';
export const SIGNATURE_HEADER = 'webhook-signature';

/** How far the time of a message may be from the clock of its receiver. */
export const TOLERANCE_SECONDS = 5 * 60;

export function signedText(id: string, timestamp: string, body: string): string {
  return `${id}.${timestamp}.${body}`;
}

/** One word of the header; several are separated by spaces, and one that fits is enough. */
export function signatureWord(base64: string): string {
  return `v1,${base64}`;
}

export function secretText(bytes: Uint8Array): string {
  return `${PREFIX}${btoa(String.fromCharCode(...bytes))}`;
}

/** The key of a secret; null for a text that is none. */
export function secretBytes(secret: string): Uint8Array<ArrayBuffer> | null {
  if (!secret.startsWith(PREFIX) || secret.length > PREFIX.length + 4 * SECRET_BYTES.max) return null;
  const base64 = secret.slice(PREFIX.length);
  if (!BASE64.test(base64) || base64.length % 4 === 1) return null;
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return bytes.length >= SECRET_BYTES.min && bytes.length <= SECRET_BYTES.max ? bytes : null;
}
