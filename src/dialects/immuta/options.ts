/** What a config says about this dialect: which endpoints run which job types. */
import { Type } from 'typebox';
import { optionsParser, unknownName } from '../options-parser.ts';
import { STARTING_ENDPOINTS, type StartingName } from './submission.ts';

const HOUR_MS = 3_600_000;

const Endpoint = Type.Object({ type: Type.String({ minLength: 1 }) }, { additionalProperties: false });

const Given = Type.Object(
  {
    endpoints: Type.Optional(Type.Record(Type.String(), Endpoint)),
    tokenMs: Type.Optional(Type.Integer({ minimum: 1_000 })),
    waitSecondsMax: Type.Optional(Type.Union([Type.Integer({ minimum: 1 }), Type.Null()])),
  },
  { additionalProperties: false },
);

export interface ImmutaOptions {
  /** Starting endpoints by name (see `submission.ts`); those left out are not served. */
  readonly endpoints: Readonly<Partial<Record<StartingName, { readonly type: string }>>>;
  /** Life of a token from `/bim/apikey/authenticate`. */
  readonly tokenMs: number;
  /** Longest hold of a wait; past it the states so far are answered. Null keeps the vendor's promise to wait without end. */
  readonly waitSecondsMax: number | null;
}

export const DEFAULT_OPTIONS: ImmutaOptions = { endpoints: {}, tokenMs: HOUR_MS, waitSecondsMax: null };

/** Every starting endpoint served by one type. */
export function allServedBy(type: string): ImmutaOptions['endpoints'] {
  return Object.fromEntries(STARTING_ENDPOINTS.map(({ name }) => [name, { type }]));
}

export const parseOptions = optionsParser<ImmutaOptions>(Given, DEFAULT_OPTIONS, ({ endpoints }) =>
  unknownName(
    'endpoints',
    endpoints,
    STARTING_ENDPOINTS.map(({ name }) => name),
  ),
);
