/** What a config says about this dialect: who the agent is, and how plain text becomes the input of a type. */
import { Type } from 'typebox';
import { optionsParser } from '../options-parser.ts';

const Text = Type.String({ minLength: 1 });

const Given = Type.Object(
  {
    name: Type.Optional(Text),
    description: Type.Optional(Text),
    version: Type.Optional(Text),
    defaultSkill: Type.Optional(Type.Union([Text, Type.Null()])),
    textFields: Type.Optional(Type.Record(Text, Text)),
    publicSkills: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

export interface A2aOptions {
  /** Of the agent, on its card. */
  readonly name: string;
  readonly description: string;
  readonly version: string;
  /** The type of a message that names none. Null: the only type there is, else such a message is refused. */
  readonly defaultSkill: string | null;
  /** Job type -> the field of its input that a message of text alone goes into; the text is the input where a type is not named here. */
  readonly textFields: Readonly<Record<string, string>>;
  /** Whether the card that anybody may read lists the types that have a description; all callers with a key see all types. */
  readonly publicSkills: boolean;
}

export const DEFAULT_OPTIONS: A2aOptions = {
  name: 'Bide',
  description: 'Takes jobs, has them done, and lets anybody wait for them.',
  version: '1.0.0',
  defaultSkill: null,
  textFields: {},
  publicSkills: true,
};

export const parseOptions = optionsParser<A2aOptions>(Given, DEFAULT_OPTIONS);
