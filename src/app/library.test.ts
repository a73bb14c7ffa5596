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
