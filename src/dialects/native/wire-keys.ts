/** The schemas of API keys. */
import { Type } from 'typebox';
import { SCOPES } from '../../core/scopes.ts';
import { nullable, oneOf, strict, time } from './wire-parts.ts';

export function keySchemas() {
  const shape = {
    id: Type.String(),
    tenant: Type.String(),
    name: Type.String(),
    scopes: Type.Array(oneOf(SCOPES, '`admin` includes the others and manages the keys of all tenants.')),
    createdAt: time('Made.'),
    revokedAt: nullable(time('Refused since.')),
    expiresAt: nullable(time('Refused from then on.')),
  };
  return {
    keyBody: Type.Object(
      {
        name: Type.String({ minLength: 1, maxLength: 100 }),
        tenant: Type.Optional(Type.String({ description: 'Your own where left out.' })),
        scopes: Type.Array(oneOf(SCOPES, 'What the key may do.'), { minItems: 1, maxItems: SCOPES.length }),
        expiresAt: Type.Optional(nullable(time('Refused from then on; without end where left out.'))),
      },
      { ...strict, title: 'NewKey' },
    ),
    keys: Type.Object({ keys: Type.Array(Type.Object(shape, { title: 'Key' })) }, { title: 'Keys' }),
    keyCreated: Type.Object(
      { ...shape, key: Type.String({ description: 'Shown here and never again.' }) },
      { title: 'KeyWithSecret' },
    ),
  };
}
