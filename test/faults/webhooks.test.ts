/** Webhooks over SQLite through a receiver that fails and a sender that is killed: see `hook-proof.ts`. A hundred jobs, or 3,334 in the full run. */
import { test } from 'node:test';
import { proveWebhooks } from './hook-proof.ts';

const JOBS = Number(process.env.BIDE_JOBS ?? (process.env.BIDE_FAULTS === 'full' ? 3_334 : 100));

test('every event arrives, signed and in order, through a receiver that fails and restarts and a sender that is killed', (t) =>
  proveWebhooks(t, { jobs: JOBS, args: [] }));
