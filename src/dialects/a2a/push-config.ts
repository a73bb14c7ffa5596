/** Where a client wants to be told of a task, and what shows a receiver that it is told by who it thinks. */
import type { PushConfigIn } from './wire.ts';

export interface PushConfig {
  readonly id: string;
  readonly url: string;
  /** Sent as `X-A2A-Notification-Token`. */
  readonly token: string | null;
  /** `Authorization: {scheme} {credentials}`. */
  readonly scheme: string | null;
  readonly credentials: string | null;
}

export const TOKEN_HEADER = 'x-a2a-notification-token';

/** @param id of one that brings none */
export function pushConfigOf({ id: ownId, url, token, authentication }: PushConfigIn, id: string): PushConfig {
  return {
    id: ownId || id,
    url,
    token: token || null,
    scheme: authentication?.scheme ?? null,
    credentials: authentication?.credentials || null,
  };
}

export function pushHeaders({ token, scheme, credentials }: Omit<PushConfig, 'id' | 'url'>): Record<string, string> {
  return {
    ...(token === null ? {} : { [TOKEN_HEADER]: token }),
    ...(scheme === null ? {} : { authorization: credentials === null ? scheme : `${scheme} ${credentials}` }),
  };
}

/** What is kept beside the URL. */
export function pushFields({ id, token, scheme, credentials }: PushConfig): Omit<PushConfig, 'url'> {
  return { id, token, scheme, credentials };
}
