/** How statements that are planned once reach the rooms, when they are planned while there is nothing in them. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import type { Store } from '../../src/store/contract.ts';
import { NOW, newDelivery } from '../../src/store/contract-suite/fixtures.ts';
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
let store: Store;
before(async () => {
  server = await startTestServer({ isDurable: false });
  const url = await server.createDatabase();
  store = await openPostgres({ url });
  await store.migrate();
  client = new pg.Client({ connectionString: url, options: startupOptions('', false) });
  await client.connect();
});
after(async () => {
  await store.close();
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
  waiting: {
    waiting_by_kind: ['tenant', 'type', 'number'],
    waiting_by_sequence: ['tenant', 'sequence_key'],
    waiting_by_limit: ['tenant', 'limit_key'],
  },
  running: {
    running_by_number: ['number'],
    running_by_sequence: ['tenant', 'sequence_key'],
    running_by_limit: ['tenant', 'limit_key'],
  },
  limit_keys: { limit_keys_by_key: ['tenant', 'key'] },
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
  ...[
    'jobApply',
    'jobFinish',
    'jobReport',
    'jobRemove',
    'jobAmend',
    'sequenceSettle',
    'sequenceBlockNext',
    'limitView',
  ],
] as readonly StatementName[];
/** Each index that a claim of deliveries reads, and the column that it finds its place by. */
const BY_TURN: readonly string[] = [
  'deliveries_by_due due_at',
  'deliveries_by_endpoint tenant',
  'deliveries_by_job job_id',
  'deliveries_by_number number',
  'deliveries_by_turn tenant',
];
const OF_DELIVERIES: readonly StatementName[] = ['deliverySettle', 'deliveryRead', 'deliveryRedeliver'];

function findsByKeys(names: readonly StatementName[]): void {
  for (const name of names) {
    test(`${name} finds its rows by whole keys alone`, async () => {
      const { bad, good } = scansOf(await planOf(name, statementsOf('bide')[name]));
      assert.deepEqual(bad, []);
      assert.ok(good > 0);
    });
  }
}

function indexesOf(plan: Plan): readonly string[] {
  const own = plan['Index Name'] === undefined ? [] : [`${plan['Index Name']} ${plan['Index Cond']?.split(' ')[0]}`];
  return [...own, ...(plan.Plans ?? []).flatMap(indexesOf)];
}

/** A row per tenant at most, read with every event of any. */
const SMALL = ['followers'];

/** Queues: all that lies in them is to be taken, in their order. So they are read from the beginning, right below a LIMIT. */
const QUEUES = ['ended_by_place', 'job_groups_due'];

function wholeOf(plan: Plan, parent?: Plan): readonly string[] {
  const { 'Relation Name': table = '', 'Index Name': index } = plan;
  const isBounded = parent?.['Node Type'] === 'Limit' && QUEUES.includes(index ?? '');
  const isWhole = index !== undefined && plan['Index Cond'] === undefined && !SMALL.includes(table) && !isBounded;
  return [...(isWhole ? [index] : []), ...(plan.Plans ?? []).flatMap((part) => wholeOf(part, plan))];
}

function claimsByTurn(): void {
  test('deliveryClaim reads each index from its beginning', async () => {
    const indexes = indexesOf(await planOf('deliveryClaim', statementsOf('bide').deliveryClaim));
    const read = new Set(indexes.map((one) => one.replaceAll('(', '')));
    assert.deepEqual([...read].toSorted(), BY_TURN);
  });
}

/** Nothing of it may be a walk over the jobs of one tenant to find those of another, or over jobs that are due later. */
function claimsInTurn(): void {
  for (const name of ['jobClaim', 'jobClaimAged', 'jobClaimOfTenant', 'jobClaimAgedOfTenant'] as const) {
    test(`${name} reads waiting jobs by turn and by time alone`, async () => {
      const indexes = indexesOf(await planOf(name, statementsOf('bide')[name]));
      const read = new Set(indexes.map((one) => one.replaceAll('(', '')).filter((one) => one.startsWith('waiting')));
      const isOfTenant = name.endsWith('OfTenant');
      assert.deepEqual([...read].toSorted(), [...(isOfTenant ? [] : ['waiting_by_time type']), 'waiting_by_turn type']);
    });
  }
  for (const name of ['jobNextRunAt', 'jobOldestOfAll'] as const)
    test(`${name} reads waiting jobs by time`, async () => {
      assert.deepEqual(indexesOf(await planOf(name, statementsOf('bide')[name])), ['waiting_by_time ((type']);
    });
}

describe('planned for empty tables', () => {
  findsByKeys(BY_KEY);
  findsByKeys(OF_DELIVERIES);
  claimsByTurn();
  claimsInTurn();
});

// As any queue is now and then, and the server takes note of it: it no longer guesses then.
describe('planned for tables that a vacuum has found empty', () => {
  before(async () => {
    const context = { tenant: 't' };
    await store.deliveryAdd(Array.from({ length: 2_000 }, () => newDelivery(context, { jobId: randomUUID() })));
    const held = await store.deliveryClaim({ now: NOW, leaseMs: 1, max: 2_000 });
    const outcome = { kind: 'delivered', keepUntil: NOW } as const;
    await store.deliverySettle(held.map(({ number, fence }) => ({ number, fence, tried: null, outcome })));
    await store.deliveryPrune({ now: NOW, limit: 2_000 });
    await client.query('DEALLOCATE ALL');
    await client.query('VACUUM ANALYZE');
  });
  findsByKeys(OF_DELIVERIES);
  findsByKeys(BY_KEY);
  claimsByTurn();
  claimsInTurn();

  test('no statement reads the whole index of a table that can be large', async () => {
    const whole: string[] = [];
    await client.query('DEALLOCATE ALL');
    for (const [name, text] of Object.entries(statementsOf('bide'))) {
      if (/^\s*(ALTER|LOCK)/.test(text)) continue;
      whole.push(...wholeOf(await planOf(name, text)).map((index) => `${name} ${index}`));
    }
    assert.deepEqual(whole, []);
  });
});
