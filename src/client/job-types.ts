/**
 * What a config says of its job types, as those see it who call: what each is sent, and what comes out of it.
 *
 * Types alone, and of no file of the server: a page that imports a config's type has none of its code.
 */
import type { Json } from '../core/job.ts';
import type { JobBody } from './wire.ts';

/** One job type. */
export interface JobShape {
  readonly input: unknown;
  readonly result: unknown;
}

export type JobShapes = Readonly<Record<string, JobShape>>;

/** By the name of the type: `JobsOf<typeof config>`. */
export type JobsOf<Config> = Config extends { readonly types: infer Types }
  ? {
      readonly [Name in keyof Types & string]: {
        readonly input: SentTo<Types[Name]>;
        readonly result: ResultOf<Types[Name]>;
      };
    }
  : JobShapes;

/** A job of a type: its `result` is null until it has succeeded, and where it is large or no JSON. */
export type JobOf<Jobs extends JobShapes, Name extends keyof Jobs & string> = Name extends unknown
  ? Omit<JobBody, 'type' | 'result'> & { readonly type: Name; readonly result: Inline<Jobs[Name]['result']> | null }
  : never;

/** Bytes are never shown with the job. */
type Inline<Result> = Exclude<Result, Uint8Array>;

/** What is taken before the schema: defaults may be left out. */
type SentTo<Entry> = Entry extends { readonly input: infer Schema }
  ? Schema extends { readonly '~standard': { readonly types?: infer Types } }
    ? NonNullable<Types> extends { readonly input: infer Input }
      ? Input
      : unknown
    : unknown
  : ParameterOf<RunOf<Entry>>;

type RunOf<Entry> = Entry extends { readonly run: infer Run } ? Run : Entry;
type ParameterOf<Run> = Run extends (input: infer Input, ...rest: never) => unknown ? Input : unknown;

/** What the function gives, after JSON; or what the entry says in `result`. */
type ResultOf<Entry> = Entry extends { readonly result: { readonly '~result'?: infer Result } }
  ? AsJson<NonNullable<Result>>
  : RunOf<Entry> extends (...given: never) => infer Returned
    ? AsJson<ReturnedBy<Awaited<Returned>>>
    : Json | Uint8Array;

/** A generator emits what it yields, and what it returns is the result. */
type ReturnedBy<Value> = Value extends AsyncGenerator<unknown, infer Returned> ? Returned : Value;

/** What is left of a value that went through JSON. Bytes do not go through it. */
export type AsJson<Value> = unknown extends Value ? Json : [Value] extends [Json] ? Value : Through<Value>;

/** What a function without a `return` gives. */
type Nothing = ReturnType<() => void>;

type Through<Value> = Value extends Nothing
  ? null
  : Value extends string | number | boolean | null
    ? Value
    : Value extends Uint8Array
      ? Uint8Array
      : Value extends { readonly bytes: Uint8Array; readonly contentType: string }
        ? Uint8Array
        : Value extends { toJSON(): infer Said }
          ? AsJson<Said>
          : Value extends bigint | symbol | ((...given: never) => unknown)
            ? never
            : Value extends readonly unknown[]
              ? { readonly [At in keyof Value]: AsJson<Value[At]> }
              : { readonly [Name in keyof Value]: Member<Value[Name]> };

/** A member that is undefined is left out. */
type Member<Value> = undefined extends Value ? AsJson<Exclude<Value, undefined>> | undefined : AsJson<Value>;
