/** The vendor's wire, as far as all of it has it: errors, models, and the words for how far a response is. */
import { type Static, type TSchema, Type } from 'typebox';

/** Every status word that a response has. */
export const STATUS_WORDS = ['queued', 'in_progress', 'completed', 'failed', 'cancelled', 'incomplete'] as const;
export type StatusWord = (typeof STATUS_WORDS)[number];

export const nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

export const ErrorBody = Type.Object(
  {
    error: Type.Object(
      {
        message: Type.String(),
        type: Type.String(),
        param: nullable(Type.String()),
        code: nullable(Type.String()),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);
export type ErrorBody = Static<typeof ErrorBody>;

export const ModelBody = Type.Object(
  { id: Type.String(), object: Type.Literal('model'), created: Type.Integer(), owned_by: Type.String() },
  { additionalProperties: false },
);
export type ModelBody = Static<typeof ModelBody>;
