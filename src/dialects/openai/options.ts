/** What a config says about this dialect: names of models that clients have in their code, and what the types behind them take. */
import { type Static, Type } from 'typebox';
import { optionsParser } from '../options-parser.ts';

/** The wires of an upstream, by the paths at which it serves them. */
export const WIRES = ['responses', 'chat/completions'] as const;
export type Wire = (typeof WIRES)[number];

const ModelOption = Type.Object(
  {
    type: Type.String({ minLength: 1 }),
    /** What the type is given: the whole request as this wire has it. Left out: the input alone. */
    speaks: Type.Optional(Type.Unsafe<Wire>(Type.Enum([...WIRES]))),
    /** The name of the model at the upstream, where that is another. */
    as: Type.Optional(Type.String({ minLength: 1, maxLength: 400 })),
  },
  { additionalProperties: false },
);
export type ModelOption = Static<typeof ModelOption>;

const Given = Type.Object(
  { models: Type.Optional(Type.Record(Type.String({ minLength: 1, maxLength: 400 }), ModelOption)) },
  { additionalProperties: false },
);

export interface OpenaiOptions {
  /** Names under which clients know models -> the type behind each. Every type is a model under its own name as well. */
  readonly models: Readonly<Record<string, ModelOption>>;
}

export const DEFAULT_OPTIONS: OpenaiOptions = { models: {} };

export const parseOptions = optionsParser<OpenaiOptions>(Given, DEFAULT_OPTIONS);
