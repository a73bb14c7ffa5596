/** Each query must be served by the index that is named after it: what a missing one costs shows only in large databases. */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { migrateDatabase } from './migrate.ts';
import { listQuery } from './scanner.ts';
import { STATEMENTS, type StatementName } from './statements.ts';

const database = new DatabaseSync(':memory:');
migrateDatabase(database, false);

function planOf(sql: string): readonly string[] {
  const rows = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
  return rows.map(({ detail }) => String(detail));
}

const SEQUENCE_TAKEN = [
  /INDEX jobs_by_sequence \(tenant=\? AND sequence_key=\? AND number<\?\)/,
  /INDEX jobs_running_by_sequence \(tenant=\? AND sequence_key=\?\)/,
];

/** Steps that each statement's plan must have. None may scan a table or sort, save those named in `SORTED`. */
const WANTED: Partial<Record<StatementName, readonly RegExp[]>> = {
  jobById: [/INDEX jobs_by_id \(id=\?\)/],
  jobByNumber: [/INTEGER PRIMARY KEY \(rowid=\?\)/],
  jobByIdempotencyKey: [/INDEX jobs_by_idempotency_key \(tenant=\? AND idempotency_key=\?\)/],
  jobNextPriority: [/INDEX jobs_by_claim_order \(type=\? AND priority<\?\)/],
  jobNextPriorityOfTenant: [/INDEX jobs_by_tenant_claim_order \(tenant=\? AND type=\? AND priority<\?\)/],
  jobClaimable: [/INDEX jobs_by_claim_order \(type=\? AND priority=\? AND run_at<\?\)/],
  jobClaimableOfTenant: [/INDEX jobs_by_tenant_claim_order \(tenant=\? AND type=\? AND priority=\? AND run_at<\?\)/],
  jobNextRunAt: [/INDEX jobs_by_claim_order \(type=\? AND priority=\? AND run_at>\?\)/],
  jobHeld: [/INDEX jobs_by_id \(id=\?\)/],
  jobExtend: [/INTEGER PRIMARY KEY \(rowid=\?\)/],
  jobClaim: [/INTEGER PRIMARY KEY \(rowid=\?\)/],
  jobLost: [/INDEX jobs_by_lease \(lease_until<\?\)/],
  jobOverrun: [/COVERING INDEX jobs_by_lease \(lease_until>\?\)/],
  jobOverdue: [/INDEX jobs_by_deadline \(deadline_at>\? AND deadline_at<\?\)/],
  jobPrunable: [/INDEX jobs_by_retention \(<expr><\?\)/],
  sequenceIsTaken: SEQUENCE_TAKEN,
  sequenceBlock: SEQUENCE_TAKEN,
  sequenceBlockFirst: [/INDEX jobs_by_sequence \(tenant=\? AND sequence_key=\?\)/],
  sequenceBlockNext: [/INDEX jobs_by_sequence \(tenant=\? AND sequence_key=\? AND number>\?\)/],
  sequenceUnblockFirst: [/INDEX jobs_by_sequence \(tenant=\? AND sequence_key=\?\)/],
  tombstoneById: [/PRIMARY KEY \(id=\?\)/],
  tombstoneByNumber: [/INDEX tombstones_by_number \(number=\?\)/],
  tombstoneDeleteOver: [/INDEX tombstones_by_end \(gone_until<\?\)/],
  deliveryClaim: [/INDEX deliveries_by_turn \(tenant=\? AND lane=\? AND due_at>\? AND due_at<\?\)/],
  deliveryInsert: [/INDEX deliveries_by_job \(job_number=\?\)/],
  deliveryPromote: [/INDEX deliveries_by_job \(job_number=\?\)/],
  deliveryDeleteOfJob: [/INDEX deliveries_by_job \(job_number=\?\)/],
  documentList: [/INDEX documents_by_creation \(tenant=\? AND kind=\?\)/],
};

/** Sort a few rows: running jobs that overran, and those of one lease time by number. */
const SORTED: readonly StatementName[] = ['jobOverrun', 'jobLost'];

for (const [name, wanted] of Object.entries(WANTED) as [StatementName, readonly RegExp[]][]) {
  test(`${name} is served by its index`, () => {
    const plan = planOf(STATEMENTS[name]);
    for (const step of wanted)
      assert.ok(
        plan.some((line) => step.test(line)),
        `${step} is not in ${plan.join(' | ')}`,
      );
    for (const line of plan) {
      assert.doesNotMatch(line, /^SCAN (?!CONSTANT)/, plan.join(' | '));
      if (!SORTED.includes(name)) assert.doesNotMatch(line, /TEMP B-TREE/, plan.join(' | '));
    }
  });
}

const LISTS = [
  ['of a tenant', {}, 'tenant', /INDEX jobs_by_tenant \(tenant=\?\)/],
  ['of a tenant after a cursor', { after: 5 }, 'tenant', /INDEX jobs_by_tenant \(tenant=\? AND number<\?\)/],
  ['of failed jobs', { states: ['failed'], after: 5 }, 'trouble', /INDEX jobs_by_trouble \(tenant=\? AND number<\?\)/],
  ['of troubled jobs', { states: ['failed', 'expired'] }, 'trouble', /INDEX jobs_by_trouble \(tenant=\?\)/],
  ['of running jobs', { states: ['running'], after: 5 }, 'running', /SCAN j USING INDEX jobs_by_lease/],
  ['by a type', { types: ['a'], after: 5 }, 'type', /INDEX jobs_by_type \(tenant=\? AND type=\? AND number<\?\)/],
  ['by two types', { types: ['a', 'b'] }, 'type', /INDEX jobs_by_type \(tenant=\? AND type=\?\)/],
  ['by a tag', { tags: { a: 'b' } }, 'tenant', /PRIMARY KEY \(tenant=\? AND name=\? AND value=\?\)/],
] as const;
/** A page of each type, and the running jobs, which are few. */
const SORTED_LISTS: readonly string[] = ['by two types', 'of running jobs'];

for (const [words, filter, way, step] of LISTS) {
  test(`a list ${words} is served by its index`, () => {
    const plan = planOf(listQuery({ tenant: 't', limit: 10, ...filter }, way).sql);
    assert.ok(
      plan.some((line) => step.test(line)),
      plan.join(' | '),
    );
    if (!SORTED_LISTS.includes(words)) assert.doesNotMatch(plan.join(' | '), /TEMP B-TREE/);
  });
}
