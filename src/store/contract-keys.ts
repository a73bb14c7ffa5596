/** Part of the store contract: API keys, and documents, some of which fall due. */
import type { Json } from '../core/job.ts';
import type { Scope } from '../core/scopes.ts';
import type { InsertOutcome, NewJob } from './contract-jobs.ts';

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
  /** When somebody has to look at it; null for nearly all. */
  readonly dueAt: number | null;
}

/** Which document, and the revision that the writer saw: 0 where it must not exist yet, null to write over anything. */
export interface DocumentWrite {
  readonly tenant: string;
  readonly kind: string;
  readonly name: string;
  readonly data: Json;
  readonly expectRevision: number | null;
  readonly now: number;
  /** Left out is null: nobody has to look at it. */
  readonly dueAt?: number | null;
}

export type DocumentOutcome =
  | { readonly kind: 'written'; readonly document: Document }
  /** Not written; null when there is none. */
  | { readonly kind: 'stale'; readonly document: Document | null };

export type DocumentAdded = DocumentOutcome | { readonly kind: 'full'; readonly count: number };

export interface DocumentUsage {
  readonly count: number;
  readonly bytes: number;
}

/** A place in the order in which documents fall due. */
export type DuePlace = Pick<Document, 'dueAt' | 'tenant' | 'name'>;

export interface DueRequest {
  readonly kind: string;
  /** Those with `dueAt <= now`. */
  readonly now: number;
  /** The last one seen. */
  readonly after?: DuePlace;
  readonly limit: number;
}

/** A document that goes on, and the jobs that come of that. */
export interface DocumentStep {
  /** With the revision that was seen, 1 or above. */
  readonly write: DocumentWrite & { readonly expectRevision: number };
  /** Of those with a unique key none may be stored in the place of another: modes `reject` and `existing`. */
  readonly jobs: readonly NewJob[];
}

export type StepOutcome =
  | { readonly kind: 'written'; readonly document: Document; readonly jobs: readonly InsertOutcome[] }
  /** Nothing was written or inserted; null when there is no such document. */
  | { readonly kind: 'stale'; readonly document: Document | null };
