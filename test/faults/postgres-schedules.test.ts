/** A schedule on PostgreSQL, looked at by three nodes whose clocks are ten minutes apart, killed in turn: see `schedule-proof.ts`. 12 ticks, or 300 in the full run. */
import { test } from 'node:test';
import { startTestServer } from '../postgres/server.ts';
import { proveSchedules } from './schedule-proof.ts';

const SECONDS = Number(process.env.BIDE_TICKS ?? (process.env.BIDE_FAULTS === 'full' ? 300 : 12));
const TEN_MINUTES = 600_000;

test('a schedule for each second has one job for each, on three nodes with wrong clocks that are killed in turn', async (t) => {
  const server = await startTestServer();
  t.after(() => server.end());
  const database = await server.createDatabase();
  await proveSchedules(t, {
    seconds: SECONDS,
    aheadMs: [-TEN_MINUTES, 0, TEN_MINUTES],
    args: ['--database', database],
  });
});
