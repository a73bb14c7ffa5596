import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPasses } from './passes.ts';

const JOB = '01912c5e-0000-7000-8000-000000000001';

test('a pass is read on every node, and not when its key, its job or its code was altered', async () => {
  const [here, there] = [createPasses(secretOf(1)), createPasses(secretOf(1))];
  const pass = await here.write({ keyId: 'abcd1234', jobId: JOB });
  assert.match(pass, /^[\w.-]+$/);
  assert.deepEqual(await there.read(pass), { keyId: 'abcd1234', jobId: JOB });
  assert.equal(await createPasses(secretOf(2)).read(pass), null);
  const forged = [
    pass.replace('abcd1234', 'abcd1235'),
    pass.replace(JOB, JOB.replace(/1$/, '2')),
    `${pass.slice(0, -2)}${pass.at(-2) === 'A' ? 'B' : 'A'}${pass.at(-1)}`,
    `${pass}x`,
    pass.slice(0, -1),
    '',
    'abcd1234..',
  ];
  for (const one of forged) assert.equal(await there.read(one), null, one);
});

function secretOf(byte: number): () => Promise<Uint8Array> {
  return async () => new Uint8Array(32).fill(byte);
}
