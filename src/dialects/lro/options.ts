/** What a config says about this dialect: the messages that Google's clients know the results and metadata of a job type by. */
import { type Static, Type } from 'typebox';
import { optionsParser } from '../options-parser.ts';

const TypeUrl = Type.String({
  pattern: '^[\\w.-]{1,200}/[\\w.]{1,200}$',
  examples: ['type.googleapis.com/acme.reports.v1.Report'],
});

const Messages = Type.Object(
  { response: Type.Optional(TypeUrl), metadata: Type.Optional(TypeUrl) },
  { additionalProperties: false },
);
/** Left out, a result is a `google.protobuf.Value`, and metadata a `google.protobuf.Struct`. */
export type Messages = Static<typeof Messages>;

const Given = Type.Object(
  { messages: Type.Optional(Type.Record(Type.String({ minLength: 1 }), Messages)) },
  { additionalProperties: false },
);

export interface LroOptions {
  /** Job type -> the types of its messages. */
  readonly messages: Readonly<Record<string, Messages>>;
}

export const DEFAULT_OPTIONS: LroOptions = { messages: {} };

export const parseOptions = optionsParser<LroOptions>(Given, DEFAULT_OPTIONS);
