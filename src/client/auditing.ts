/** What operators have done: an async iterator over the audit, fetched page by page as it is read. */
import type { DeedWord } from '../core/deed.ts';
import type { CallOptions } from './commanding.ts';
import { requireKnown } from './known-options.ts';
import type { Transport } from './transport.ts';
import type { DeedBody } from './wire-audit.ts';

export interface AuditOptions extends CallOptions {
  readonly deeds?: readonly DeedWord[] | undefined;
  readonly from?: Date | undefined;
  readonly before?: Date | undefined;
  /** Deeds fetched per request, not deeds in all. */
  readonly pageSize?: number | undefined;
}

/** Newest first. */
export function auditOf(transport: Transport, options: AuditOptions = {}): AsyncGenerator<DeedBody, void, undefined> {
  requireKnown('audit', options, ['deeds', 'from', 'before', 'pageSize', 'signal']);
  return pages(transport, options);
}

async function* pages(transport: Transport, options: AuditOptions): AsyncGenerator<DeedBody, void, undefined> {
  const query = new URLSearchParams((options.deeds ?? []).map((deed): [string, string] => ['deed', deed]));
  if (options.from !== undefined) query.set('from', options.from.toISOString());
  if (options.before !== undefined) query.set('before', options.before.toISOString());
  if (options.pageSize !== undefined) query.set('limit', String(options.pageSize));
  for (let cursor: string | null | undefined; cursor !== null; ) {
    if (cursor !== undefined) query.set('cursor', cursor);
    const call = { method: 'GET', path: '/v1/audit', query, isRepeatable: true, signal: options.signal } as const;
    const page = (await transport.call(call)).body as AuditBody;
    yield* page.deeds;
    cursor = page.next;
  }
}

interface AuditBody {
  readonly deeds: readonly DeedBody[];
  readonly next: string | null;
}
