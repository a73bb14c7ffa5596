import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '../store/contract.ts';
import { boundDocuments } from './bounded-documents.ts';

const MIB = 1_024 * 1_024;

function open(documentsPerTenantMax: number) {
  const kept = new Map<string, string>();
  const keyOf = ({ tenant, name }: Pick<Document, 'tenant' | 'name'>) => `${tenant}/${name}`;
  const never = () => assert.fail('not asked for');
  let now = 0;
  const documents = boundDocuments({
    limits: { documentsPerTenantMax, documentBytesPerTenantMax: MIB },
    clock: { now: () => now },
    store: {
      documentRead: never,
      documentList: never,
      async documentWrite(write) {
        kept.set(keyOf(write), JSON.stringify(write.data));
        return { kind: 'written', document: { dueAt: null, ...write, revision: 1, createdAt: 0 } };
      },
      documentRemove: async (ref) => kept.delete(keyOf(ref)),
      async documentUsage(tenant) {
        const own = [...kept].filter(([key]) => key.startsWith(`${tenant}/`)).map(([, text]) => text);
        return { count: own.length, bytes: own.reduce((sum, text) => sum + text.length, 0) };
      },
    },
  });
  const write = (tenant: string, name: string, data: string, expectRevision = 0) =>
    documents.documentWrite({ tenant, kind: 'k', name, data, expectRevision, now });
  return { documents, write, pass: (ms: number) => (now += ms) };
}

describe('documents of one tenant', () => {
  it('are so many, written at once or one by one; others have their own room, and a removal makes some', async () => {
    const { documents, write } = open(2);
    await write('a', 'warm', 'x');
    const outcomes = await Promise.allSettled([write('a', 'm', 'x'), write('a', 'n', 'x')]);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    await write('b', 'n', 'x');
    await assert.rejects(write('a', 'o', 'x'), { code: 'TOO_MANY_DOCUMENTS', message: /documentsPerTenantMax, 2/ });
    await write('a', 'm', 'y', 1);
    await documents.documentRemove({ tenant: 'a', kind: 'k', name: 'warm' });
    await write('a', 'o', 'x');
  });

  it('have so many bytes together, a replaced one counted anew after a while', async () => {
    const { write, pass } = open(10);
    await write('a', 'm', 'x'.repeat(MIB * 0.6));
    await assert.rejects(write('a', 'n', 'x'.repeat(MIB * 0.6)), { code: 'TOO_MANY_DOCUMENTS' });
    await write('a', 'm', 'short', 1);
    pass(10_000);
    await write('a', 'n', 'x'.repeat(MIB * 0.6));
  });
});
