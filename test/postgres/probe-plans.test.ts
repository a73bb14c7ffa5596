/** How statements that are planned once reach the rooms, when they are planned while there is nothing in them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { startupOptions } from '../../src/store/postgres/connection/session-settings.ts';
import { openPostgres } from '../../src/store/postgres/index.ts';
import { type StatementName, statementsOf } from '../../src/store/postgres/statements/statements.ts';
import { startTestServer, type TestServer } from './server.ts';

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly Plan[];
}

let server: TestServer;
let client: pg.Client;
before(async () => {
  server = await startTestServer({ isDurable: false });
  const url = await server.createDatabase();
  const store = await openPostgres({ url });
  await store.migrate();
  await store.close();
  client = new pg.Client({ connectionString: url, options: startupOptions('', false) });
  await client.connect();
});
after(async () => {
  await client.end();
  await server.end();
});

async function planOf(name: string, text: string): Promise<Plan> {
  await client.query(`PREPARE ${name} AS ${text}`);
  const count = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, place]) => Number(place)));
  const values = count === 0 ? '' : `(${Array(count).fill('NULL').join(', ')})`;
  const { rows } = await client.query(`EXPLAIN (FORMAT JSON) EXECUTE ${name} ${values}`);
  return rows[0]['QUERY PLAN'][0].Plan;
}

/** The key of each table, and its columns. What never changes has two. */
const KEYS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  jobs: { jobs_by_id: ['id'], jobs_by_number: ['number'], jobs_by_idempotency_key: ['tenant', 'idempotency_key'] },
  waiting: { waiting_by_kind: ['tenant', 'type', 'number'] },
  running: { running_by_number: ['number'] },
  finished: { finished_by_kind: ['tenant', 'type', 'state', 'number'] },
  deliveries: { deliveries_by_number: ['number'] },
  delivery_log: { delivery_log_by_number: ['number'] },
};

/** The scans of those tables that are none by a whole key, and how many are. */
function scansOf(plan: Plan): { readonly bad: readonly Plan[]; readonly good: number } {
  const keys = KEYS[plan['Relation Name'] ?? ''];
  const parts = (plan.Plans ?? []).map(scansOf);
  const good = parts.reduce((sum, part) => sum + part.good, 0);
  const bad = parts.flatMap((part) => part.bad);
  if (keys === undefined || !plan['Node Type'].endsWith('Scan')) return { bad, good };
  const columns = keys[plan['Index Name'] ?? ''] ?? [];
  const isWhole = columns.length > 0 && columns.every((column) => plan['Index Cond']?.includes(`(${column} = `));
  return isWhole ? { bad, good: good + 1 } : { bad: [...bad, { ...plan, Plans: [] }], good };
}

const BY_KEY = [
  ...['jobById', 'jobByNumber', 'jobFindEarlier', 'jobInput', 'jobResult', 'jobResultSlice', 'jobExtend'],
  ...['jobApply', 'jobFinish', 'jobReport'],
  ...['deliverySettle', 'deliveryRead', 'deliveryRedeliver'],
] as readonly StatementName[];

for (const name of BY_KEY) {
  test(`${name} finds its rows by whole keys alone, though planned for empty tables`, async () => {
    const { bad, good } = scansOf(await planOf(name, statementsOf('bide')[name]));
    assert.deepEqual(bad, []);
    assert.ok(good > 0);
  });
}

test('a removal finds what it deletes by the whole key or its place, though planned for empty tables', async () => {
  const { bad } = scansOf(await planOf('jobRemove', statementsOf('bide').jobRemove));
  assert.deepEqual(
    bad.map((plan) => [plan['Relation Name'], plan['Index Name'], plan['Index Cond']]),
    [],
  );
});
