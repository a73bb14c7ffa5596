/** Responses on the wire: what a create asks for, and what a response looks like. What upstreams add is passed on as it is. */
import { type Static, Type } from 'typebox';
import type { JsonObject } from '../../../core/json-object.ts';
import { nullable, STATUS_WORDS, type StatusWord } from '../wire.ts';

/** As the vendor bounds them. */
const METADATA_PAIRS_MAX = 16;

const Metadata = Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 512 }), {
  maxProperties: METADATA_PAIRS_MAX,
});

const flag = Type.Optional(nullable(Type.Boolean()));

/** Only what is looked at here; all else is for the model. */
export const ResponseRequest = Type.Object({
  model: Type.String({ minLength: 1, maxLength: 400 }),
  /** A text, a list of items; or any object, for types that take one. */
  input: Type.Optional(Type.Unknown()),
  instructions: Type.Optional(nullable(Type.String())),
  background: flag,
  stream: flag,
  store: flag,
  metadata: Type.Optional(nullable(Metadata)),
  previous_response_id: Type.Optional(nullable(Type.String())),
  conversation: Type.Optional(Type.Unknown()),
  prompt: Type.Optional(Type.Unknown()),
  tools: Type.Optional(nullable(Type.Array(Type.Unknown(), { maxItems: 1_000 }))),
  max_output_tokens: Type.Optional(nullable(Type.Number())),
});
export type ResponseRequest = Static<typeof ResponseRequest>;

const OutputItem = Type.Object({ type: Type.String() });

const Usage = Type.Object({
  input_tokens: Type.Number(),
  output_tokens: Type.Number(),
  total_tokens: Type.Number(),
});

const ResponseError = Type.Object({ code: Type.String(), message: Type.String() });

export const Response = Type.Object({
  id: Type.String(),
  object: Type.Literal('response'),
  created_at: Type.Number(),
  completed_at: Type.Optional(nullable(Type.Number())),
  status: Type.Unsafe<StatusWord>(Type.Enum([...STATUS_WORDS])),
  background: Type.Boolean(),
  model: Type.String(),
  output: Type.Array(OutputItem),
  error: nullable(ResponseError),
  incomplete_details: nullable(Type.Object({ reason: Type.String() })),
  instructions: Type.Unknown(),
  metadata: Type.Record(Type.String(), Type.String()),
  parallel_tool_calls: Type.Boolean(),
  temperature: nullable(Type.Number()),
  top_p: nullable(Type.Number()),
  tool_choice: Type.Unknown(),
  tools: Type.Array(Type.Unknown()),
  usage: nullable(Usage),
});
export type Response = Static<typeof Response>;

/** What a response says that whoever asked for it said first. */
export interface Echo {
  readonly instructions?: string | null;
  readonly tools?: readonly unknown[];
  readonly [name: string]: unknown;
}

export interface OutputText {
  readonly type: 'output_text';
  readonly text: string;
  readonly annotations: readonly unknown[];
  readonly logprobs: readonly unknown[];
}

export interface MessageItem {
  readonly id: string;
  readonly type: 'message';
  readonly status: 'in_progress' | 'completed' | 'incomplete';
  readonly role: 'assistant';
  readonly content: readonly (OutputText | { readonly type: 'refusal'; readonly refusal: string })[];
}

/** Any item of an output: those that are made here, and what an upstream has. */
export type Item = MessageItem | { readonly type: string; readonly [name: string]: unknown };

/** What a job has brought, as a response says it. */
export interface JobAnswer {
  readonly output: readonly Item[];
  /** What else a response says: usage, and of one that is passed on all that it says. */
  readonly fields: JsonObject;
}
