/**
 * SIGKILL at random moments under load, then a look from outside: every acknowledged submit is there, every job has exactly one
 * outcome, no result is lost or doubled, and nothing stays running beyond its lease.
 *
 * Three rounds in `npm run check`, twenty in `npm run test:faults`; BIDE_ROUNDS and BIDE_SEED play a certain run.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { seededChance } from '../process/seeded.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';
import { createLedger, type JobSeen, type Ledger } from './ledger.ts';
import { call, loadUntilKilled, submit, type Unanswered } from './load.ts';

const ROUNDS = Number(process.env.BIDE_ROUNDS ?? (process.env.BIDE_FAULTS === 'full' ? 20 : 3));
const LEASE_MS = 1_000;
/** A lost job is found at the end of its lease and run again: two leases and some work, on a machine that has other things to do. */
const SETTLE_SECONDS = 20;

const PERMANENT_ERROR = new URL('../../src/handlers/function/permanent-error.ts', import.meta.url).href;

const CONFIG = `
import { PermanentError } from ${JSON.stringify(PERMANENT_ERROR)};
export default {
  limits: { leaseMs: ${LEASE_MS}, sweepIntervalMs: 50 },
  types: {
    order: {
      slots: 20,
      retry: { attempts: 100, backoffMs: 10 },
      async run({ number, ms, isDoomed }, context) {
        context.progress(50);
        if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
        if (isDoomed) throw new PermanentError('doomed');
        return { number, square: number * number };
      },
    },
  },
};
`;

test('a server that is killed at random moments loses nothing and doubles nothing', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-kill-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'bide.config.mjs'), CONFIG);
  const start = () => startServer({ data: join(folder, 'data'), cwd: folder, args: ['--config', 'bide.config.mjs'] });
  const chance = seededChance();
  const ledger = createLedger();
  const unanswered: Unanswered = [];
  let last = 0;
  const nextNumber = () => (last += 1);

  for (let round = 1; round <= ROUNDS; round += 1) {
    await using server = await start();
    await compare(server, ledger);
    await loadUntilKilled({ server, ledger, chance, unanswered, nextNumber }, chance.between(1, 200));
  }

  await using server = await start();
  for (const order of unanswered) ledger.acknowledge(order, (await submit(server, order)).id);
  const stuck = await settle(server, ledger);
  const { lost, doubled, wrong } = ledger.audit(await listAll(server));
  assert.equal(await server.end('SIGTERM'), 0, server.output());
  t.diagnostic(
    `rounds ${ROUNDS}, submitted ${ledger.submitted}, lost ${lost}, doubled ${doubled}, stuck ${stuck.length}, seed ${chance.seed}`,
  );
  assert.deepEqual(
    { lost, doubled, stuck, wrong },
    { lost: 0, doubled: 0, stuck: [], wrong: [] },
    `seed ${chance.seed}`,
  );
});

/** Every acknowledged job is there after a restart, and what was seen to end has ended in the same way. */
async function compare(server: ServerProcess, ledger: Ledger): Promise<void> {
  for (const job of await waitFor(server, ledger.ids(), 0)) {
    assert.notEqual(job.state, 'unknown', `job ${job.id} was acknowledged and is not there`);
    ledger.see(job);
  }
}

/** The jobs that wait or run for longer than leases and retries can explain. */
async function settle(server: ServerProcess, ledger: Ledger): Promise<readonly JobSeen[]> {
  const jobs = await waitFor(server, ledger.ids(), SETTLE_SECONDS);
  for (const job of jobs) ledger.see(job);
  return jobs.filter(({ finishedAt }) => finishedAt === null);
}

async function waitFor(server: ServerProcess, ids: readonly string[], timeout: number): Promise<readonly JobSeen[]> {
  const jobs: JobSeen[] = [];
  for (let from = 0; from < ids.length; from += 1_000) {
    const some = ids.slice(from, from + 1_000);
    const answer = await call(server, '/v1/jobs/wait', { ids: some, for: 'all', timeout });
    jobs.push(...(answer as { jobs: JobSeen[] }).jobs);
  }
  return jobs;
}

async function listAll(server: ServerProcess): Promise<readonly JobSeen[]> {
  const jobs: JobSeen[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = (await call(server, `/v1/jobs?limit=500${query}`)) as { jobs: JobSeen[]; next: string | null };
    jobs.push(...page.jobs);
    cursor = page.next;
  }
  return jobs;
}
