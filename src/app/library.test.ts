import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { defineConfig, openBide } from '../index.ts';

test('openBide takes every option that it documents, and no other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-library-'));
  const config = defineConfig({ types: { echo: (input: number) => input } });
  const bide = await openBide(config, { data: folder, tenant: 'acme', runsJobs: true, trustClock: true });
  await bide.close();
  rmSync(folder, { recursive: true, force: true });
  const misspelt = { data: folder, trustsClock: true };
  await assert.rejects(openBide(config, misspelt), { name: 'TypeError', message: /no option "trustsClock"/ });
});

test('submit refuses an input that JSON cannot carry, with its place, whether or not its type has a schema', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-library-'));
  const bide = await openBide(defineConfig({ types: { echo: (input: unknown) => input } }), { data: folder });
  const refused = (path: string) => ({
    code: 'INPUT_INVALID',
    details: { errors: [{ path, message: MESSAGES[path] }] },
  });
  const MESSAGES: Readonly<Record<string, string>> = {
    '': 'is a Map, which is no JSON',
    '/a/0': 'is a bigint, which is no JSON',
  };
  await assert.rejects(bide.submit('echo', new Map()), refused(''));
  await assert.rejects(bide.submit('echo', { a: [1n] }), refused('/a/0'));
  const { id } = await bide.submit('echo', { at: new Date(0) });
  const job = await bide.wait(id, { timeoutMs: 10_000 });
  assert.deepEqual(job.result, { at: '1970-01-01T00:00:00.000Z' });
  await bide.close();
  rmSync(folder, { recursive: true, force: true });
});
