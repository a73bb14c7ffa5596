/** What a config says about this dialect: the job type that runs queries, the data sets, saved queries, limits. */
import { type Static, Type } from 'typebox';
import { optionsParser } from '../options-parser.ts';

const DAY_MS = 86_400_000;
const Format = Type.Union([Type.Literal('csv'), Type.Literal('json'), Type.Literal('parquet')]);

/** A table of the SQL type, or a URL that the SQL type allows. */
const Dataset = Type.Union([
  Type.Object({ table: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
  Type.Object({ url: Type.String({ minLength: 1 }), format: Type.Optional(Format) }, { additionalProperties: false }),
]);
export type Dataset = Static<typeof Dataset>;

const Query = Type.Object(
  { name: Type.String(), query: Type.String({ minLength: 1 }), dataset_id: Type.Optional(Type.String()) },
  { additionalProperties: false },
);

const TypeName = Type.Union([Type.String({ minLength: 1 }), Type.Null()]);

const Given = Type.Object(
  {
    sqlType: Type.Optional(TypeName),
    analyzeType: Type.Optional(TypeName),
    datasets: Type.Optional(Type.Record(Type.String({ minLength: 1 }), Dataset)),
    queries: Type.Optional(Type.Record(Type.String({ minLength: 1 }), Query)),
    phase1: Type.Optional(Type.Boolean()),
    syncTimeoutMs: Type.Optional(Type.Integer({ minimum: 1, maximum: 29_000 })),
    requestsMax: Type.Optional(Type.Integer({ minimum: 1 })),
    windowMs: Type.Optional(Type.Integer({ minimum: 1_000 })),
  },
  { additionalProperties: false },
);

export interface ToolkitOptions {
  /** An `sql` job type; null where no queries are run. */
  readonly sqlType: string | null;
  /** Answers prompts; null where `/v1/analyze` gives a profile of the data instead. */
  readonly analyzeType: string | null;
  readonly datasets: Readonly<Record<string, Dataset>>;
  /** Saved queries that are there from the start. */
  readonly queries: Readonly<
    Record<string, { readonly name: string; readonly query: string; readonly dataset_id?: string }>
  >;
  /** Answers 501 where the vendor does so today. */
  readonly phase1: boolean;
  /** The vendor's clients give up after 30 s. */
  readonly syncTimeoutMs: number;
  /** Requests of one key in a sliding window of `windowMs`. */
  readonly requestsMax: number;
  readonly windowMs: number;
}

export const DEFAULT_OPTIONS: ToolkitOptions = {
  sqlType: null,
  analyzeType: null,
  datasets: {},
  queries: {},
  phase1: false,
  syncTimeoutMs: 25_000,
  requestsMax: 50_000,
  windowMs: DAY_MS,
};

export const parseOptions = optionsParser<ToolkitOptions>(Given, DEFAULT_OPTIONS);
