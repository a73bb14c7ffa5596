import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sqlTableOf } from './sql-columns.ts';
import { createTableMemory } from './table-memory.ts';

const job = (id: string, bytes: number, revision = 1) => ({ id, revision, result: { contentType: 'a/b', bytes } });

test('createTableMemory keeps what fits, drops what was asked for longest ago, and takes nothing larger than all of it', () => {
  const memory = createTableMemory(100);
  const table = sqlTableOf(null);
  for (const id of ['a', 'b']) memory.put(job(id, 40), table);
  assert.equal(memory.get(job('a', 40)), table);
  memory.put(job('c', 60), table);
  assert.deepEqual(
    ['a', 'b', 'c'].map((id) => memory.get(job(id, 0)) !== undefined),
    [true, false, true],
  );
  memory.put(job('d', 101), table);
  assert.equal(memory.get(job('d', 0)), undefined);
  assert.equal(memory.get(job('a', 40, 2)), undefined);
  memory.put(job('c', 60), table);
  assert.equal(memory.get(job('a', 40)), table);
});
