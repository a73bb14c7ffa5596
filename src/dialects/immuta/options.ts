/** What a config says about this dialect: which endpoints run which job types. */
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
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

export function parseOptions(
  raw: unknown,
):
  | { readonly kind: 'options'; readonly options: ImmutaOptions }
  | { readonly kind: 'invalid'; readonly message: string } {
  const given = raw ?? {};
  const [error] = Value.Errors(Given, given);
  if (error !== undefined) return { kind: 'invalid', message: `${error.instancePath || 'options'} ${error.message}` };
  const options = given as Static<typeof Given>;
  const names: readonly string[] = STARTING_ENDPOINTS.map(({ name }) => name);
  const unknown = Object.keys(options.endpoints ?? {}).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    return { kind: 'invalid', message: `endpoints has no ${unknown}; there are ${names.join(', ')}` };
  }
  return { kind: 'options', options: { ...DEFAULT_OPTIONS, ...options } };
}
