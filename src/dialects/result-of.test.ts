import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_LIMITS } from '../core/limits.ts';
import { sampleJob } from '../core/sample-job.ts';
import type { Engine, Snapshot } from '../engine/api.ts';
import { resultOf } from './result-of.ts';

function read(contentType: string, text: string) {
  const bytes = Buffer.from(text);
  const job = { ...sampleJob(), state: 'succeeded' as const, result: { contentType, bytes: bytes.length } };
  const snapshot: Snapshot = { job, resultText: null };
  const engine = {
    limits: DEFAULT_LIMITS,
    readResult: async () => ({ kind: 'found', snapshot, result: { contentType, bytes } }),
  } as unknown as Engine;
  return resultOf(engine, snapshot);
}

describe('resultOf', () => {
  it('reads JSON as text and value', async () => {
    assert.deepEqual(await read('text/json', '{"a":1}'), { kind: 'json', text: '{"a":1}', value: { a: 1 } });
  });

  it('gives what only calls itself JSON, or nests too deep, as bytes', async () => {
    for (const text of ['{', '['.repeat(30_000) + ']'.repeat(30_000)]) {
      const result = await read('application/json', text);
      assert.equal(result.kind, 'bytes');
    }
  });
});
