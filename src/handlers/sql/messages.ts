/** What the server and a query process say to each other. A process has one query at a time. */
import type { AttemptOutcome } from '../../engine/api.ts';
import type { SqlSettings } from './options.ts';
import type { SqlInput } from './sql-input.ts';

export interface QuerySetup {
  readonly settings: SqlSettings;
  readonly resultBytesMax: number;
  readonly errorMessageLengthMax: number;
  /** For converted and fetched data sets; shared by the processes of one type. */
  readonly cacheDir: string;
}

export type ToQueryProcess =
  | { readonly kind: 'setup'; readonly setup: QuerySetup }
  | { readonly kind: 'query'; readonly input: SqlInput }
  | { readonly kind: 'abort' };

export type FromQueryProcess =
  | { readonly kind: 'progress'; readonly percent: number }
  /** The process is free for the next query. */
  | { readonly kind: 'ended'; readonly outcome: AttemptOutcome }
  /** The process ends: it needs more memory than it may use, or DuckDB is not installed. */
  | { readonly kind: 'broken'; readonly outcome: AttemptOutcome };
