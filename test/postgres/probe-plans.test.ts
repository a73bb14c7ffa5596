/** How statements that are planned once reach the rooms, when they are planned while there is nothing in them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { startupOptions } from '../../src/store/postgres/connection/session-settings.ts';
import { openPostgres } from '../../src/store/postgres/index.ts';
import { statementsOf } from '../../src/store/postgres/statements/statements.ts';
import { startTestServer, type TestServer } from './server.ts';

interface Plan {
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
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

/** Which indexes lead to rows of a table. */
function indexesTo(table: string, plan: Plan): readonly string[] {
  const own = plan['Relation Name'] === table && plan['Index Name'] !== undefined ? [plan['Index Name']] : [];
  return [...own, ...(plan.Plans ?? []).flatMap((one) => indexesTo(table, one))];
}

const KEYS = { jobs: ['jobs_by_id', 'jobs_by_number'], finished: ['finished_by_kind'], running: ['running_by_number'] };
const BY_KEY = [
  'jobById',
  'jobByNumber',
  'jobFindEarlier',
  'jobResult',
  'jobResultSlice',
  'jobRemove',
  'jobApply',
] as const;

for (const name of BY_KEY) {
  test(`${name} finds a job by its key, though planned for empty tables`, async () => {
    const plan = await planOf(name, statementsOf('bide')[name]);
    for (const [table, keys] of Object.entries(KEYS)) {
      const others = indexesTo(table, plan).filter(
        (index) => !keys.includes(index) && index !== 'jobs_by_idempotency_key',
      );
      assert.deepEqual(others, [], table);
    }
    assert.ok(indexesTo('finished', plan).length > 0);
  });
}
