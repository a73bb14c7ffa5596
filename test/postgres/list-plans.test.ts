/** What lists and counts look at, as the server counts it: about the page, whatever is stored. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import type { ListFilter } from '../../src/store/contract.ts';
import type { Session } from '../../src/store/postgres/connection/session.ts';
import { startupOptions } from '../../src/store/postgres/connection/session-settings.ts';
import { openPostgres } from '../../src/store/postgres/index.ts';
import { countJobs, listJobs } from '../../src/store/postgres/list-jobs.ts';
import { startTestServer, type TestServer } from './server.ts';

const STORED = 5_000;
const LIMIT = 50;
/** Rows that pass through all steps of a plan together: some steps see the page again, and each kind has one. */
const ROWS_MAX = 1_500;

let server: TestServer;
let client: pg.Client;
before(async () => {
  server = await startTestServer({ isDurable: false });
  const url = await server.createDatabase();
  const store = await openPostgres({ url });
  await store.migrate();
  await store.close();
  client = new pg.Client({ connectionString: url, options: startupOptions('', true) });
  await client.connect();
  await fill('waiting', 'priority, blocked', 'priority, 0');
  await fill('finished', 'state, finished_at, retain_until', `'succeeded', created_at, created_at + retain_ms`);
  await client.query('VACUUM ANALYZE bide.jobs, bide.waiting, bide.finished');
});
after(async () => {
  await client.end();
  await server.end();
});

async function fill(room: string, columns: string, cells: string): Promise<void> {
  await client.query(
    `WITH added AS (
      INSERT INTO bide.jobs (id, number, tenant, type, priority, created_at, retain_ms, retry, input)
      SELECT gen_random_uuid(), nextval('bide.job_numbers'), 'tenant', 'type', 0, n, 1, '{}', '{}' FROM generate_series(1, $1::int) AS g(n)
      RETURNING *)
    INSERT INTO bide.${room} (number, tenant, type, created_at, run_at, attempt, fence, revision, percent, ${columns})
    SELECT number, tenant, type, created_at, created_at, 0, 0, 1, 0, ${cells} FROM added`,
    [STORED],
  );
}

interface Plan {
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Plan[];
}

function rowsOf(plan: Plan): number {
  const own = (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops'];
  return (plan.Plans ?? []).reduce((sum, one) => sum + rowsOf(one), own);
}

/** Explains what is asked, and answers nothing. */
function explaining(): { readonly session: Session; readonly plans: Plan[] } {
  const plans: Plan[] = [];
  const refuse = () => Promise.reject(new Error('Only texts are explained.'));
  const session: Session = {
    run: refuse,
    runAll: refuse,
    freedLimits: [],
    async runText(text, values) {
      const { rows } = await client.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, [...values]);
      plans.push(rows[0]['QUERY PLAN'][0].Plan);
      return [];
    },
  };
  return { session, plans };
}

const LISTS: Readonly<Record<string, Omit<ListFilter, 'limit'>>> = {
  'of a tenant': { tenant: 'tenant' },
  'of a tenant, oldest first': { tenant: 'tenant', order: 'oldest' },
  'behind a cursor': { tenant: 'tenant', after: STORED / 2 },
  'of what waits': { tenant: 'tenant', states: ['waiting'] },
  'of a rare state': { tenant: 'tenant', states: ['failed'] },
  'of a rare state, of all tenants': { tenant: null, states: ['failed', 'running'] },
  'of types, one of them unknown': { tenant: 'tenant', types: ['type', 'unknown'] },
  'of all tenants': { tenant: null },
};

for (const [words, filter] of Object.entries(LISTS)) {
  test(`a list ${words} looks at about its page`, async () => {
    const { session, plans } = explaining();
    await listJobs(session, 'bide', { ...filter, limit: LIMIT });
    assert.equal(plans.length, 1);
    const rows = plans.reduce((sum, plan) => sum + rowsOf(plan), 0);
    assert.ok(rows < ROWS_MAX, `${rows} rows`);
  });
}

test('a count looks at no job', async () => {
  const { session, plans } = explaining();
  await countJobs(session, 'bide', { tenant: 'tenant' });
  assert.ok(plans.reduce((sum, plan) => sum + rowsOf(plan), 0) < LIMIT);
});
