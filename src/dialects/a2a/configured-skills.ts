/** A config that names a job type which does not exist is told so at the start. */
import { requireTypes } from '../configured-types.ts';
import type { Context } from './call.ts';

export function requireSkills({ engine, options }: Pick<Context, 'engine' | 'options'>): void {
  const { defaultSkill, textFields } = options;
  const named = [...Object.keys(textFields), ...(defaultSkill === null ? [] : [defaultSkill])];
  requireTypes(engine, 'dialects.a2a.options', Object.fromEntries(named.map((type) => [type, { type }])));
}
