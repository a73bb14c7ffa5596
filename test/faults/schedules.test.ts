/** A schedule on a data folder whose server is killed again and again: see `schedule-proof.ts`. Ten ticks, or a hundred in the full run. */
import { test } from 'node:test';
import { proveSchedules } from './schedule-proof.ts';

const SECONDS = Number(process.env.BIDE_TICKS ?? (process.env.BIDE_FAULTS === 'full' ? 100 : 10));

test('a schedule for each second has a job for each, through kills of its server', (t) =>
  proveSchedules(t, { seconds: SECONDS, aheadMs: [0], args: [] }));
