/** Which job type a message means, and how types are shown as skills. */
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { fieldsOf } from '../../core/json-object.ts';
import type { Engine, TypeFacts } from '../../engine/api.ts';
import type { A2aOptions } from './options.ts';

type TypesOf = Pick<Engine, 'types'>;

/** Where a message says its skill: in its own metadata, else in those of the request. */
const NAMES = ['skill', 'skillId'] as const;
const NAMED_IN_ERROR = 20;

/** @param metadata of the message, then of the request */
export function skillOf(engine: TypesOf, options: Pick<A2aOptions, 'defaultSkill'>, metadata: readonly Json[]): string {
  const types = engine.types().map(({ name }) => name);
  const named = metadata.flatMap((one) => NAMES.map((name) => fieldsOf(one)[name])).find((one) => one !== undefined);
  const skill = named ?? options.defaultSkill ?? (types.length === 1 ? types[0] : undefined);
  if (typeof skill === 'string' && types.includes(skill)) return skill;
  const known = types.length === 0 ? 'there are none' : `one of ${types.slice(0, NAMED_IN_ERROR).join(', ')}`;
  const wrong = skill === undefined ? 'The message names no skill' : 'There is no such skill';
  throw new BideError('INVALID_REQUEST', `${wrong}: set message.metadata.skill to the name of one, ${known}.`);
}

/** `public`: what anybody may read. */
export function skillsOf(
  engine: TypesOf,
  { publicSkills }: A2aOptions,
  audience: 'public' | 'callers',
): readonly object[] {
  const all = engine.types();
  if (audience === 'callers') return all.map(skillBody);
  return publicSkills ? all.filter(({ description }) => description !== null).map(skillBody) : [];
}

function skillBody({ name, kind, description, inputSchema }: TypeFacts): object {
  const takes = inputSchema === null ? '' : ` Input, as the data of one part: ${JSON.stringify(inputSchema)}`;
  return {
    id: name,
    name,
    description: `${description ?? `The job type ${name}.`}${takes}`,
    tags: [kind],
    examples: [],
    inputModes: INPUT_MODES,
    outputModes: OUTPUT_MODES,
  };
}

export const INPUT_MODES: readonly string[] = ['application/json', 'text/plain'];
export const OUTPUT_MODES: readonly string[] = ['application/json', 'text/plain', 'application/octet-stream'];
