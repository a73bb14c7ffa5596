/** The schema: made once, whoever asks and however often, and compared with what this version makes. */
import assert from 'node:assert/strict';
import { dumped, insertJob } from './fixtures.ts';
import { alone, type Topic } from './suite.ts';

export const migration: Topic = [
  alone('migrate applies nothing when the schema is current', async ({ store }) => {
    const report = await store.migrate();
    assert.ok(report.to > 0);
    assert.deepEqual(report, { from: report.to, to: report.to, applied: [] });
  }),

  alone('migrate reports and changes nothing when it is a dry run', async ({ store }) => {
    const dry = await store.migrate({ dryRun: true });
    assert.deepEqual(dry.applied, []);
  }),

  alone('migrate leaves a current schema when twenty run at once', async ({ store }) => {
    const reports = await Promise.all(Array.from({ length: 20 }, () => store.migrate()));
    assert.ok(reports.every((report) => report.applied.length === 0));
    assert.deepEqual(await store.inspect(), []);
  }),

  alone('inspect finds no difference when the schema is current', async ({ store }) => {
    assert.deepEqual(await store.inspect(), []);
  }),

  alone('ping leaves no trace when it was asked for often', async (context) => {
    await insertJob(context);
    const before = await dumped(context.store);
    for (let round = 0; round < 3; round += 1) await context.store.ping();
    await Promise.all([context.store.ping(), context.store.ping()]);
    assert.deepEqual(await dumped(context.store), before);
    assert.deepEqual(await context.store.inspect(), []);
  }),

  alone('time answers when the store is open', async ({ store }) => {
    const time = await store.time();
    assert.ok(Math.abs(time - Date.now()) < 60_000, `the store's clock says ${time}`);
  }),
];
