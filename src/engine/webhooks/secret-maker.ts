/** Making secrets and ids, and signing: what of webhooks needs randomness or a hash. */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { secretBytes, secretText, signatureWord, signedText } from '../../core/webhooks/signature.ts';

const BYTES = 32;

export function newSecret(): string {
  return secretText(randomBytes(BYTES));
}

export function newEndpointId(): string {
  return randomUUID();
}

export interface Signable {
  readonly id: string;
  /** Epoch seconds. */
  readonly timestamp: string;
  readonly body: string;
}

/** One word for each secret, in their order. */
export function signatureOf(secrets: readonly string[], { id, timestamp, body }: Signable): string {
  const text = signedText(id, timestamp, body);
  return secrets
    .flatMap((secret) => secretBytes(secret) ?? [])
    .map((key) => signatureWord(createHmac('sha256', key).update(text).digest('base64')))
    .join(' ');
}
