/** Part of the store contract: API keys, and documents. */
import type { Json } from '../core/job.ts';
import type { Scope } from '../core/scopes.ts';

export interface StoredKey {
  /** The public part of the key, which finds it. */
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** SHA-256 of the whole key, hex. The key itself is stored nowhere. */
  readonly hash: string;
  readonly createdAt: number;
  readonly revokedAt: number | null;
  readonly expiresAt: number | null;
}

/** Small durable JSON beside the jobs (saved queries, conversations, signing secrets), found by kind and name. */
export interface Document {
  readonly tenant: string;
  readonly kind: string;
  readonly name: string;
  readonly data: Json;
  /** Grows with every write; 1 for a new one. */
  readonly revision: number;
  readonly createdAt: number;
}

/** Which document, and the revision that the writer saw: 0 where it must not exist yet, null to write over anything. */
export interface DocumentWrite {
  readonly tenant: string;
  readonly kind: string;
  readonly name: string;
  readonly data: Json;
  readonly expectRevision: number | null;
  readonly now: number;
}

export type DocumentOutcome =
  | { readonly kind: 'written'; readonly document: Document }
  /** Not written; null when there is none. */
  | { readonly kind: 'stale'; readonly document: Document | null };

export interface DocumentUsage {
  readonly count: number;
  readonly bytes: number;
}
