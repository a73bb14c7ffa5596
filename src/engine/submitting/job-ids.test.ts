import assert from 'node:assert/strict';
import { it } from 'node:test';
import { jobIdOf } from '../../core/id.ts';
import { createJobIds } from './job-ids.ts';

it('createJobIds makes distinct ids that grow and carry the time', () => {
  const newId = createJobIds();
  const now = 1_750_000_000_000;
  const ids = Array.from({ length: 10_000 }, () => newId(now));
  assert.deepEqual([...ids].sort(), ids);
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(
    ids.every((id) => jobIdOf(id) === id && Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16) - now < 10),
    true,
  );
});
