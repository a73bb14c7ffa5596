/**
 * What a `bide.config.ts` says, and the functions that help to write one.
 *
 * All of it is plain data, read and checked by `load.ts` and `resolve.ts`: nothing runs, and nothing is refused, before the path
 * inside the config can be named in the message.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { RetryPolicy } from '../core/job.ts';
import type { LimitBounds, LimitPerKey } from '../core/limit-spec.ts';
import type { LimitName } from '../core/limits.ts';
import type { Missed, Overlap, ScheduledJob } from '../core/schedules/schedule.ts';
import type { CommandOptions } from '../handlers/command/options.ts';
import type { JobContext } from '../handlers/function/job-context.ts';
import type { HttpOptions } from '../handlers/http/options.ts';
import type { SqlOptions } from '../handlers/sql/options.ts';

/** What every type may say, whatever its kind. A job may ask for other times and retries; it cannot change `slots`. */
export interface TypeOptions<Input = unknown> {
  /** What it does, for people: shown by `GET /v1/types`. */
  readonly description?: string;
  /** Jobs of this type that run at once in one process. */
  readonly slots?: number;
  /**
   * Lets low priorities overtake after a time: a job goes before one whose priority is higher by 1 and that became due this much later or more.
   * Without it a higher priority always goes first.
   */
  readonly agingMs?: number;
  /** How long a job usually takes, for clients that choose by it whether to wait: MCP's `taskSupport`. Nothing is held to it. */
  readonly expectedMs?: number;
  /**
   * How much of it may run in all processes together: so many at once, and so many starts in a time. With `key`, a function of the input, for
   * each key instead of the type as a whole: as if each submit said this limit, unless it says its own. Its parameter has to be annotated.
   */
  readonly limit?: LimitBounds | LimitPerKey<Input>;
  /** Longest time one attempt may take. */
  readonly timeoutMs?: number;
  readonly retry?: Partial<RetryPolicy>;
  /** How long a final job is kept. */
  readonly retainMs?: number;
}

/**
 * A function with options. `input` is any Standard Schema (zod, valibot; `typebox()` makes one of a TypeBox type): an input that
 * does not fit is refused at submit, one that does is stored as the schema gives it back, which must be JSON.
 */
export interface FunctionType<Input> extends TypeOptions<NoInfer<Input>> {
  readonly input?: StandardSchemaV1<unknown, Input>;
  /** For the types of clients, where what `run` gives does not say it. */
  readonly result?: ResultType<unknown>;
  run(input: NoInfer<Input>, context: JobContext): unknown;
}

/** A function as it is, with every default. Its input is `unknown` unless its parameter says otherwise. */
export type PlainFunction<Input> = (input: Input, context: JobContext) => unknown;

/** What every type may say that is not a function. */
export interface CheckedOptions extends TypeOptions {
  readonly input?: StandardSchemaV1;
  /** For the types of clients: `resultOf<…>()`. */
  readonly result?: ResultType<unknown>;
}

export type CommandType = CheckedOptions & CommandOptions & { readonly kind: 'command' };
export type HttpType = CheckedOptions & HttpOptions & { readonly kind: 'http' };
export type SqlType = CheckedOptions & SqlOptions & { readonly kind: 'sql' };
export type RemoteType = CheckedOptions & { readonly kind: 'remote' };

export type TypeEntry<Input> =
  | PlainFunction<Input>
  | FunctionType<Input>
  | CommandType
  | HttpType
  | SqlType
  | RemoteType;

export interface ServerSettings {
  readonly host?: string;
  readonly port?: number;
  /** How callers reach the server, where that is not what their Host header says: behind a proxy, in webhooks. */
  readonly publicUrl?: string;
  /** False serves the API alone, without pages for a browser. */
  readonly dashboard?: boolean;
  /**
   * Lets pages of these origins call the server from a browser, with a key or the token of a job, never by cookies: `https://app.example`, as
   * browsers say it, or `*` alone for all. None may unless told.
   */
  readonly cors?: { readonly origins: readonly string[] };
}

export interface DialectSettings {
  /** False switches the dialect off. */
  readonly enabled?: boolean;
  /** A port of its own, where it is served at the root. */
  readonly port?: number;
  /** A host name under which it is served at the root. */
  readonly hostName?: string;
  /** What the dialect itself wants to know; see its page. */
  readonly options?: unknown;
}

export interface DeliverySettings {
  /** Lets callback URLs lead into private networks. */
  readonly allowPrivateAddresses?: boolean;
}

export interface TenantSettings {
  /** Share of the slots of each type where other tenants wait too: one that weighs 3 gets three jobs in a round, others one. */
  readonly weight?: number;
}

/** A job that is submitted at each tick: see docs/features/schedules.md. */
export interface ScheduleSettings {
  /** Five fields, or six with seconds first; `@daily` and its like; `@every 10m`. */
  readonly cron: string;
  readonly timeZone?: string;
  readonly jitterMs?: number;
  readonly overlap?: Overlap;
  readonly missed?: Missed;
  /** As ISO 8601. */
  readonly startAt?: string | null;
  readonly endAt?: string | null;
  /** Whose job it is; `default` unless told. */
  readonly tenant?: string;
  readonly job: ScheduledJob;
}

export interface Config<Inputs extends Record<string, unknown> = Record<string, never>> {
  readonly types: { readonly [Name in keyof Inputs]: TypeEntry<Inputs[Name]> };
  readonly limits?: Readonly<Partial<Record<LimitName, number>>>;
  readonly server?: ServerSettings;
  readonly dialects?: Readonly<Record<string, DialectSettings>>;
  readonly deliveries?: DeliverySettings;
  /** By name. Left out, those of an earlier config stay; `{}` removes them. */
  readonly schedules?: Readonly<Record<string, ScheduleSettings>>;
  /** By name, as keys and tokens name them. Those that are not named have what is the default. */
  readonly tenants?: Readonly<Record<string, TenantSettings>>;
}

/** What a config is made of, and seen as: once for what its functions are given, once as it stands there. */
export type TypedConfig<Inputs extends Record<string, unknown>, Types> = Config<Inputs> & { readonly types: Types };

/** A config that knows each of its types: `createClient<typeof config>` makes a client of it, `openBide` a library. */
export interface DefinedConfig<Types> extends Omit<Config, 'types'> {
  readonly types: Types;
}

/** With it, an option that no type has does not compile: what is inferred as a whole would take any. */
export type KnownOptions<Types> = { readonly [Name in keyof Types]: OptionsOf<Types[Name]> };

type OptionsOf<Entry> = Entry extends { readonly kind: string } | ((...given: never) => unknown)
  ? unknown
  : { readonly [Option in Exclude<keyof Entry, keyof FunctionType<unknown>>]: never };

/** Gives the config back as it is; what it adds are the types: the input of each function here, and all that is sent and comes out for clients. */
export function defineConfig<Inputs extends Record<string, unknown>, Types>(
  config: TypedConfig<Inputs, Types & KnownOptions<Types>>,
): DefinedConfig<Types> {
  return config;
}

/** What comes out of a job, for the types of clients: nothing is checked by it, and nothing of it is there at run time. */
export interface ResultType<Result> {
  readonly '~result'?: Result;
}

const SOME_RESULT: ResultType<never> = Object.freeze({});

/** `result: resultOf<{ url: string }>()` says what no function tells the compiler: the result of a program, of an upstream, of a worker. */
export function resultOf<Result>(): ResultType<Result> {
  return SOME_RESULT;
}

/** Of what a maker was given, what clients go by. */
type Seen<Options> = Pick<Options, Extract<keyof Options, 'input' | 'result'>>;

/** Jobs that run a program. */
export function command<const Options extends Omit<CommandType, 'kind'>>(
  options: Options & Only<Options, CommandType>,
): CommandType & Seen<Options> {
  return { ...options, kind: 'command' };
}

/** Jobs that are sent to an upstream. */
export function http<const Options extends Omit<HttpType, 'kind'>>(
  options: Options & Only<Options, HttpType>,
): HttpType & Seen<Options> {
  return { ...options, kind: 'http' };
}

/** Jobs that query data with SQL. Needs the package `@duckdb/node-api`. */
export function sql<const Options extends Omit<SqlType, 'kind'>>(
  options?: Options & Only<Options, SqlType>,
): SqlType & Seen<Options> {
  return { ...(options as Options), kind: 'sql' };
}

/** Jobs left for workers that claim them over HTTP. */
export function remote<const Options extends Omit<RemoteType, 'kind'>>(
  options?: Options & Only<Options, RemoteType>,
): RemoteType & Seen<Options> {
  return { ...(options as Options), kind: 'remote' };
}

type Only<Options, Type> = { readonly [Option in Exclude<keyof Options, keyof Type>]: never };
