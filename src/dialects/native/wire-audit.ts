/** The schemas of the audit. */
import { Type } from 'typebox';
import { DEEDS } from '../../core/deed.ts';
import type { Limits } from '../../core/limits.ts';
import { nullable, oneOf, strict, time } from './wire-parts.ts';

const DeedShape = Type.Object(
  {
    id: Type.String({ description: 'Names the line.' }),
    at: time('When it was done, or begun.'),
    by: Type.Object({ keyId: Type.String(), keyName: Type.String() }),
    deed: oneOf(DEEDS, 'What was done.'),
    target: nullable(Type.String({ description: 'Id or name of the one thing it was done to.' })),
    count: nullable(Type.Integer({ description: 'How many were changed; null where not known yet, or no question.' })),
    request: Type.Unknown({ description: 'What was asked for, such as the filter.' }),
  },
  {
    title: 'Deed',
    examples: [
      {
        id: 'key.create:4be0643f-1d98-473b-97cd-ca98a65347dd',
        at: '2026-01-31T12:00:00.000Z',
        by: { keyId: '3f2a9c1d77e0', keyName: 'ops' },
        deed: 'key.create',
        target: '8c1f02aa93b4',
        count: null,
        request: { tenant: 'default', name: 'ci', scopes: ['submit', 'read'], expiresAt: null },
      },
    ],
  },
);

export function auditSchemas(limits: Limits) {
  return {
    auditQuery: Type.Object(
      {
        deed: Type.Optional(Type.Array(oneOf(DEEDS, 'Only these; may be repeated.'), { maxItems: DEEDS.length })),
        from: Type.Optional(time('At or after.')),
        before: Type.Optional(time('Before.')),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.listPageMax, default: 50 })),
        cursor: Type.Optional(Type.String({ description: 'The `next` of the page before.' })),
      },
      strict,
    ),
    audit: Type.Object({ deeds: Type.Array(DeedShape), next: nullable(Type.String()) }, { title: 'AuditPage' }),
  };
}
