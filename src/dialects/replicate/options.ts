/** What a config says about this dialect: other names under which job types are models. Every type is one under its own name. */
import { type Static, Type } from 'typebox';
import { optionsParser } from '../options-parser.ts';

const Model = Type.Object({ type: Type.String({ minLength: 1 }) }, { additionalProperties: false });

const Given = Type.Object(
  {
    models: Type.Optional(Type.Record(Type.String({ minLength: 1 }), Model)),
    owner: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$', examples: ['my-team'] })),
  },
  { additionalProperties: false },
);

export interface ReplicateOptions {
  /** `owner/name` of a model or a deployment, or the id of a version, that clients have in their code -> the job type behind it. */
  readonly models: Readonly<Record<string, Static<typeof Model>>>;
  /** Who owns a type that has no other name. */
  readonly owner: string;
}

export const DEFAULT_OPTIONS: ReplicateOptions = { models: {}, owner: 'bide' };

export const parseOptions = optionsParser<ReplicateOptions>(Given, DEFAULT_OPTIONS);
