/** What a config says about this dialect: of each type what its tool is beyond what the type says itself, and which pages may call. */
import { type Static, Type } from 'typebox';
import { optionsParser } from '../options-parser.ts';
import { TASK_SUPPORTS } from './wire.ts';

const closed = { additionalProperties: false } as const;
const Flag = Type.Optional(Type.Boolean());

/** What a person is asked for while a job waits for the signal of this name. */
const Input = Type.Object(
  {
    message: Type.String({ minLength: 1, maxLength: 2_000 }),
    /** JSON Schema of a flat object; without one the person can only accept or decline. */
    schema: Type.Optional(Type.Object({ type: Type.Literal('object') })),
    /** Asked for as soon as this other input is, in one go with it. */
    with: Type.Optional(Type.String({ minLength: 1 })),
    /** Asked for before there is a job, by clients of 2026-07-28; all others are asked once it waits. */
    atStart: Flag,
  },
  closed,
);
export type Input = Static<typeof Input>;

const ToolSettings = Type.Object(
  {
    /** For models, in place of the type's own. A type without either is no tool. */
    description: Type.Optional(Type.String({ minLength: 1, maxLength: 2_000 })),
    title: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    taskSupport: Type.Optional(Type.Union(TASK_SUPPORTS.map((one) => Type.Literal(one)))),
    annotations: Type.Optional(
      Type.Object({ readOnlyHint: Flag, destructiveHint: Flag, idempotentHint: Flag, openWorldHint: Flag }, closed),
    ),
    inputs: Type.Optional(Type.Record(Type.String({ minLength: 1 }), Input)),
  },
  closed,
);
export type ToolSettings = Static<typeof ToolSettings>;

const Given = Type.Object(
  {
    tools: Type.Optional(Type.Record(Type.String({ minLength: 1 }), ToolSettings)),
    origins: Type.Optional(
      Type.Array(Type.String({ pattern: '^https?://[^/]+$', examples: ['https://app.example.com'] })),
    ),
  },
  closed,
);

export interface McpOptions {
  /** Job type -> what its tool is. */
  readonly tools: Readonly<Record<string, ToolSettings>>;
  /** Web pages that may call, beside those of this machine. */
  readonly origins: readonly string[];
}

export const DEFAULT_OPTIONS: McpOptions = { tools: {}, origins: [] };

export const parseOptions = optionsParser<McpOptions>(Given, DEFAULT_OPTIONS);
