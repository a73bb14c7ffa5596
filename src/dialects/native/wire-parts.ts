/** What the schemas of the native API are made of. */
import { type TSchema, Type } from 'typebox';
import type { Limits } from '../../core/limits.ts';

export const nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
export const oneOf = <const Words extends readonly string[]>(words: Words, description: string) =>
  Type.Unsafe<Words[number]>({ type: 'string', enum: [...words], description });
export const strict = { additionalProperties: false } as const;

export const time = (description: string) =>
  Type.String({ format: 'date-time', description, examples: ['2026-01-31T12:00:00Z'] });
export const durations = (limits: Limits) => ({
  ms: (max: number, description: string, min = 0) => Type.Integer({ minimum: min, maximum: max, description }),
  seconds: (description: string) =>
    Type.Number({
      minimum: 0,
      description: `${description} Longer waits count as ${limits.waitMsMax / 1_000}.`,
    }),
});
