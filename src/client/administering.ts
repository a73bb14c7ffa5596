/** Keys and types: what an operator asks a server. */
import type { CallOptions } from './commanding.ts';
import { requireKnown } from './known-options.ts';
import type { Transport } from './transport.ts';
import type { CountsBody, KeyBody, KeyScope, NewKeyBody, StatsBody, TypeBody, WorkerBody } from './wire.ts';

export interface KeyDraft {
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  /** The caller's own tenant when left out. */
  readonly tenant?: string | undefined;
  /** Without end when left out. */
  readonly expiresAt?: Date | null | undefined;
}

export interface StatsOptions extends CallOptions {
  /** How far back; 60 when left out. */
  readonly minutes?: number | undefined;
  /** Minutes of one point: 1, 5, 15 or 60; by itself what makes 360 points at most. */
  readonly step?: number | undefined;
  readonly type?: string | undefined;
}

export function administering(transport: Transport) {
  const ofType = async (method: 'GET' | 'POST', name: string, below: string, { signal }: CallOptions) => {
    const path = `/v1/types/${encodeURIComponent(name)}${below}`;
    return (await transport.call({ method, path, isRepeatable: true, signal })).body as TypeBody;
  };
  return {
    type: (name: string, options: CallOptions = {}) => ofType('GET', name, '', options),
    pauseType: (name: string, options: CallOptions = {}) => ofType('POST', name, '/pause', options),
    resumeType: (name: string, options: CallOptions = {}) => ofType('POST', name, '/resume', options),

    async types(options: CallOptions = {}): Promise<readonly TypeBody[]> {
      const call = { method: 'GET', path: '/v1/types', isRepeatable: true, signal: options.signal } as const;
      return ((await transport.call(call)).body as { types: readonly TypeBody[] }).types;
    },

    async counts(options: CallOptions & { readonly types?: readonly string[] | undefined } = {}): Promise<CountsBody> {
      requireKnown('counts', options, ['types', 'signal']);
      const query = new URLSearchParams((options.types ?? []).map((type): [string, string] => ['type', type]));
      const call = { method: 'GET', path: '/v1/counts', query, isRepeatable: true, signal: options.signal } as const;
      return (await transport.call(call)).body as CountsBody;
    },

    async stats(options: StatsOptions = {}): Promise<StatsBody> {
      requireKnown('stats', options, ['minutes', 'step', 'type', 'signal']);
      const { signal, ...asked } = options;
      const given = Object.entries(asked).filter(([, value]) => value !== undefined);
      const query = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]));
      return (await transport.call({ method: 'GET', path: '/v1/stats', query, isRepeatable: true, signal }))
        .body as StatsBody;
    },

    async workers(options: CallOptions = {}): Promise<readonly WorkerBody[]> {
      const call = { method: 'GET', path: '/v1/workers', isRepeatable: true, signal: options.signal } as const;
      return ((await transport.call(call)).body as { workers: readonly WorkerBody[] }).workers;
    },

    keys: {
      /** The answer holds the whole key: the only time that it is shown. */
      async create(draft: KeyDraft, options: CallOptions = {}): Promise<NewKeyBody> {
        requireTime(draft.expiresAt);
        const call = {
          method: 'POST',
          path: '/v1/keys',
          json: draft,
          isRepeatable: false,
          signal: options.signal,
        } as const;
        return (await transport.call(call)).body as NewKeyBody;
      },
      /** Revoked ones included, oldest first. */
      async list(options: CallOptions & { readonly tenant?: string | undefined } = {}): Promise<readonly KeyBody[]> {
        requireKnown('keys.list', options, ['tenant', 'signal']);
        const { signal, tenant } = options;
        const query = new URLSearchParams(tenant === undefined ? {} : { tenant });
        const call = { method: 'GET', path: '/v1/keys', query, isRepeatable: true, signal } as const;
        return ((await transport.call(call)).body as { keys: readonly KeyBody[] }).keys;
      },
      async revoke(id: string, options: CallOptions = {}): Promise<void> {
        const path = `/v1/keys/${encodeURIComponent(id)}`;
        await transport.call({ method: 'DELETE', path, isRepeatable: false, signal: options.signal });
      },
    },
  };
}

/** JSON writes an invalid Date as null, which means a key without end: the opposite of what was asked for. */
function requireTime(expiresAt: Date | null | undefined): void {
  if (expiresAt == null || !Number.isNaN(new Date(expiresAt).getTime())) return;
  throw new TypeError('keys.create was given an expiresAt that is no valid date.');
}
