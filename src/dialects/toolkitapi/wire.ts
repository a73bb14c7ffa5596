/** The vendor's wire: four words, one job body, and the requests that start queries. */
import { type Static, type TSchema, Type } from 'typebox';
import type { Json } from '../../core/job.ts';

export const STATUS_WORDS = ['queued', 'running', 'succeeded', 'failed'] as const;
export type StatusWord = (typeof STATUS_WORDS)[number];

export interface Results {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Json[])[];
  readonly row_count: number;
}

/** All fields always present. Times are ISO 8601 in UTC with whole seconds. */
export interface JobBody {
  readonly job_id: string;
  readonly query_id: string | null;
  readonly dataset_id: string | null;
  readonly status: StatusWord;
  readonly progress: number;
  readonly results: Results | null;
  readonly error: string | null;
  readonly created_at: string;
  readonly completed_at: string | null;
}

export interface QueryBody {
  readonly query_id: string;
  readonly dataset_id: string | null;
  readonly execution_mode: 'sync' | 'async';
  readonly status: StatusWord;
  readonly results: Results | null;
  readonly job_id: string | null;
  readonly created_at: string;
}

const Mode = Type.Union([Type.Literal('sync'), Type.Literal('async')]);
const Nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

export const QueryRequest = Type.Object({
  dataset_id: Type.Optional(Nullable(Type.String())),
  parameters: Type.Optional(Nullable(Type.Record(Type.String(), Type.Unknown()))),
  execution_mode: Type.Optional(Nullable(Mode)),
});
export type QueryRequest = Static<typeof QueryRequest>;

export const SaveRequest = Type.Object({
  name: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$', examples: ['monthly_sales-2026'] }),
  query: Type.String({ minLength: 1 }),
  description: Type.Optional(Nullable(Type.String())),
  dataset_id: Type.Optional(Nullable(Type.String())),
});
export type SaveRequest = Static<typeof SaveRequest>;

export const FILE_TYPES = ['csv', 'json', 'parquet', 'excel', 'auto'] as const;

export const AnalyzeRequest = Type.Object({
  data_url: Type.String({ minLength: 1 }),
  prompt: Type.String({ minLength: 1 }),
  file_type: Type.Optional(Nullable(Type.Unsafe<(typeof FILE_TYPES)[number]>(Type.Enum([...FILE_TYPES])))),
  execution_mode: Type.Optional(Nullable(Mode)),
  include_debug: Type.Optional(Nullable(Type.Boolean())),
});
export type AnalyzeRequest = Static<typeof AnalyzeRequest>;
