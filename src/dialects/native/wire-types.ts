/** The schemas of job types. */
import { Type } from 'typebox';
import { nullable, time } from './wire-parts.ts';

const TypeShape = Type.Object({
  name: Type.String({ examples: ['thumbnail'] }),
  kind: Type.String({ description: 'What runs it.', examples: ['function'] }),
  slots: Type.Integer({ description: 'Jobs of it that run at once in one process.' }),
  paused: Type.Boolean({ description: 'Whether nothing of it is started, for no tenant.' }),
  pausedAt: nullable(time('Since when it is paused.')),
});

export function typeSchemas() {
  return {
    type: TypeShape,
    types: Type.Object({ types: Type.Array(TypeShape) }),
    typeParams: Type.Object({ type: Type.String({ description: 'Name of a type.' }) }),
  };
}
