/** The options of `dialects.silentpush` in a config: which job type serves which starting endpoint, and where the vendor leaves a choice. */
import { Type } from 'typebox';
import { optionsParser, unknownName } from '../options-parser.ts';
import type { MaxWaitRule } from './query.ts';
import { type EndpointName, READ_ENDPOINTS, STARTING_ENDPOINTS } from './wire.ts';

export interface EndpointOptions {
  /** The job type that is submitted. */
  readonly type: string;
  /** Key of the rows in the answer; the vendor's own unless named. */
  readonly resultKey?: string;
  /** `query_name` in the metadata; the vendor's own unless named. */
  readonly queryName?: string;
}

export interface SilentpushOptions {
  /** By the endpoint's path below `explore/` without its parameters; an endpoint that is not named here answers 404. */
  readonly endpoints: Readonly<Partial<Record<EndpointName, EndpointOptions>>>;
  /** What a `max_wait` out of range gets: pulled into it, or 400. */
  readonly maxWait: MaxWaitRule;
  /** What a job id that nobody knows gets: 404, or PENDING as a bare Celery backend answers. */
  readonly unknownJobs: 'notFound' | 'pending';
}

export const DEFAULTS: SilentpushOptions = { endpoints: {}, maxWait: 'clamp', unknownJobs: 'notFound' };

const Name = Type.String({ minLength: 1 });

const Given = Type.Object(
  {
    endpoints: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Object(
          { type: Name, resultKey: Type.Optional(Name), queryName: Type.Optional(Name) },
          { additionalProperties: false },
        ),
      ),
    ),
    maxWait: Type.Optional(Type.Enum(['clamp', 'refuse'])),
    unknownJobs: Type.Optional(Type.Enum(['notFound', 'pending'])),
  },
  { additionalProperties: false },
);

/** Keys that have a meaning of their own beside the rows. */
const RESERVED_KEYS: ReadonlySet<string | undefined> = new Set(['job_status', 'metadata', 'error', 'errors']);

export const parseOptions = optionsParser<SilentpushOptions>(Given, DEFAULTS, ({ endpoints }) => {
  const unknown = unknownName(
    'endpoints',
    endpoints,
    [...STARTING_ENDPOINTS, ...READ_ENDPOINTS].map(({ name }) => name),
  );
  const reserved = Object.entries(endpoints).find(([, { resultKey }]) => RESERVED_KEYS.has(resultKey));
  if (unknown !== null || reserved === undefined) return unknown;
  return `endpoints['${reserved[0]}'].resultKey must not be ${reserved[1].resultKey}`;
});
