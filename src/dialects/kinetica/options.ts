/** What a config says about this dialect: which endpoints run which job types, and how they are fed. */
import { type Static, Type } from 'typebox';
import { optionsParser } from '../options-parser.ts';

const HOUR_MS = 3_600_000;
/** Four numbers and the time of the build: the Java client refuses a version without it, the Python client takes both. */
const VERSION = '^[0-9]+(\\.[0-9]+){3}\\.[0-9]{14}$';

/**
 * `sql`: the job gets `{query}` and leaves rows, which are answered as `/execute/sql` answers them.
 * `plain`: the job gets the endpoint's request as it came, and its JSON result is the endpoint's answer.
 */
const Target = Type.Object(
  { type: Type.String({ minLength: 1 }), kind: Type.Union([Type.Literal('sql'), Type.Literal('plain')]) },
  { additionalProperties: false },
);
export type Target = Static<typeof Target>;

const Given = Type.Object(
  {
    endpoints: Type.Optional(Type.Record(Type.String({ pattern: '^/[a-z0-9/_]+$' }), Target)),
    retainMs: Type.Optional(Type.Integer({ minimum: 0 })),
    syncTimeoutMs: Type.Optional(Type.Integer({ minimum: 1 })),
    version: Type.Optional(Type.String({ pattern: VERSION, examples: ['7.2.3.12.20260101000000'] })),
  },
  { additionalProperties: false },
);

export interface KineticaOptions {
  /** Endpoint path -> what runs it. */
  readonly endpoints: Readonly<Record<string, Target>>;
  /** How long a finished job can be asked for. */
  readonly retainMs: number;
  /** Longest that a synchronous call is held; its job is cancelled then. */
  readonly syncTimeoutMs: number;
  /** The version that clients are told; they choose their behaviour by it. */
  readonly version: string;
}

export const DEFAULT_OPTIONS: KineticaOptions = {
  endpoints: {},
  retainMs: HOUR_MS,
  syncTimeoutMs: HOUR_MS / 12,
  version: '7.2.3.12.20260101000000',
};

export const parseOptions = optionsParser<KineticaOptions>(Given, DEFAULT_OPTIONS);
