import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Type } from 'typebox';
import { typebox } from '../config/typebox-schema.ts';
import type { JobContext } from '../handlers/function/job-context.ts';
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

test('a limit holds for jobs of its key, and is set, closed and opened by calls', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-library-'));
  const ends = Promise.withResolvers<number>();
  const bide = await openBide(defineConfig({ types: { slow: () => ends.promise } }), { data: folder });
  await bide.limits.close('k');
  const ids: string[] = [];
  for (let n = 0; n < 3; n += 1) {
    const { id } = await bide.submit('slow', undefined as never, { limit: { key: 'k', concurrency: 1 } });
    ids.push(id);
  }
  const { closed, closedUntil, running, waiting } = await bide.limits.get('k');
  assert.deepEqual([closed, closedUntil, running, waiting], [true, null, 0, 3]);
  assert.equal((await bide.limits.open('k')).closed, false);
  assert.equal((await bide.limits.set('k', { concurrency: 2 })).kept, true);
  const listed: (number | null)[] = [];
  for await (const { concurrency } of bide.limits.list()) listed.push(concurrency);
  assert.deepEqual(listed, [2]);
  await assert.rejects(bide.limits.set('k', { concurrency: 0 }), { code: 'LIMIT_INVALID', message: /close the key/ });
  ends.resolve(1);
  for (const id of ids) assert.equal((await bide.wait(id, { timeoutMs: 10_000 })).state, 'succeeded');
  await bide.limits.remove('k');
  await assert.rejects(bide.limits.get('k'), { code: 'LIMIT_NOT_FOUND' });
  await bide.close();
  rmSync(folder, { recursive: true, force: true });
});

test('groups submit what follows with what became of them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-library-'));
  const bide = await openBide(defineConfig({ types: { echo: (input: unknown) => input } }), { data: folder });
  const jobs = [1, 2, 3].map((input) => ({ type: 'echo', input }));
  const made = await bide.groups.create({ isOpen: true, jobs, onSuccess: { type: 'echo' } });
  await bide.groups.close(made.id);
  const { counts, onSuccess } = await bide.groups.wait(made.id, { timeoutMs: 10_000 });
  assert.deepEqual([counts.succeeded, counts.unfinished], [3, 0]);
  const after = await bide.wait(onSuccess?.jobId ?? '', { timeoutMs: 10_000 });
  assert.equal((after.result as { group: { total: number } }).group.total, 3);
  await bide.groups.remove(made.id);
  await assert.rejects(bide.groups.get(made.id), { code: 'GROUP_NOT_FOUND' });
  await bide.close();
  rmSync(folder, { recursive: true, force: true });
});

test('schedules are made, run and removed, and a function is told the tick', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-library-'));
  const seen: unknown[] = [];
  const echo = (_: unknown, { schedule }: JobContext) => void seen.push(schedule?.name, schedule?.tick instanceof Date);
  const bide = await openBide(defineConfig({ types: { echo } }), { data: folder });
  const made = await bide.schedules.put('s', { cron: '@yearly', job: { type: 'echo' } });
  assert.equal(made.next.length, 5);
  const first = await bide.schedules.run('s', { idempotencyKey: 'k' });
  assert.equal((await bide.schedules.run('s', { idempotencyKey: 'k' })).id, first.id);
  await bide.wait(first.id, { timeoutMs: 10_000 });
  assert.deepEqual(seen, ['s', true]);
  assert.equal((await bide.schedules.pause('s')).paused, true);
  const names: string[] = [];
  for await (const { name } of bide.schedules.list()) names.push(name);
  assert.deepEqual(names, ['s']);
  await bide.schedules.remove('s');
  await assert.rejects(bide.schedules.get('s'), { code: 'SCHEDULE_NOT_FOUND' });
  const limited = await bide.submit('echo', null, { limit: { key: 'k', concurrency: 1 } });
  assert.equal((await bide.wait(limited.id, { timeoutMs: 10_000 })).state, 'succeeded');
  await bide.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a type gives its jobs the limit key of their input, behind its schema', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-library-'));
  const keyOf = ({ customer }: { customer: string }) => (customer === 'free' ? null : customer.toLowerCase());
  const config = defineConfig({
    types: {
      call: {
        input: typebox(Type.Object({ customer: Type.String() })),
        run: ({ customer }) => customer,
        limit: { key: keyOf, concurrency: 3 },
      },
    },
  });
  const bide = await openBide(config, { data: folder });
  await bide.limits.close('acme');
  const { id } = await bide.submit('call', { customer: 'ACME' });
  const { concurrency, waiting } = await bide.limits.get('acme');
  assert.deepEqual([concurrency, waiting], [3, 1]);
  const free = await bide.submit('call', { customer: 'free' });
  assert.equal((await bide.wait(free.id, { timeoutMs: 10_000 })).state, 'succeeded');
  await assert.rejects(bide.submit('call', { customer: '' }), { code: 'LIMIT_KEY_INVALID' });
  await bide.limits.open('acme');
  assert.equal((await bide.wait(id, { timeoutMs: 10_000 })).state, 'succeeded');
  await bide.close();
  rmSync(folder, { recursive: true, force: true });
});
