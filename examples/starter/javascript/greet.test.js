/** Jobs run here as in the server, in memory and under a clock that the test turns. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestBide } from 'bide/testing';
import config from './bide.config.js';

test('greet says hello', async () => {
  await using bide = await createTestBide(config);
  const job = await bide.submit('greet', { name: 'Ada' });
  await bide.runNow();
  await bide.expectJob(job).toHaveSucceeded({ greeting: 'Hello, Ada!' });
});

test('greet refuses an empty name', async () => {
  await using bide = await createTestBide(config);
  await assert.rejects(bide.submit('greet', { name: '' }), { code: 'INPUT_INVALID' });
});
