/** Each query must be served by the index that is named after it: what a missing one costs shows only in large databases. */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { finishedQuery } from './finished-list.ts';
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
  /INDEX waiting_by_sequence \(tenant=\? AND sequence_key=\? AND rowid<\?\)/,
  /INDEX running_by_sequence \(tenant=\? AND sequence_key=\?\)/,
];
const IN_ROOMS = [
  /SEARCH w USING INTEGER PRIMARY KEY \(rowid=\?\)/,
  /SEARCH r USING INTEGER PRIMARY KEY \(rowid=\?\)/,
  /SEARCH f USING INTEGER PRIMARY KEY \(rowid=\?\)/,
];
const DUE = /INDEX waiting_by_turn \(type=\? AND tenant=\? AND priority=\? AND run_at<\?\)/;
const BY_TIME = /INDEX waiting_by_time \(type=\? AND run_at<\?\)/;
const BY_NUMBER = /INTEGER PRIMARY KEY \(rowid=\?\)/;
const BEFORE = /INDEX deliveries_by_order \(tenant=\? AND job_id=\? AND endpoint_id=\?\)/;

/** Steps that each statement's plan must have. None may scan a table or sort. */
const WANTED: Partial<Record<StatementName, readonly RegExp[]>> = {
  jobById: [/INDEX jobs_by_id \(id=\?\)/, ...IN_ROOMS],
  jobByNumber: [/SEARCH j USING INTEGER PRIMARY KEY \(rowid=\?\)/, ...IN_ROOMS],
  jobByIdempotencyKey: [/INDEX jobs_by_idempotency_key \(tenant=\? AND idempotency_key=\?\)/, ...IN_ROOMS],
  jobByUniqueKey: [/INDEX jobs_by_unique_key \(tenant=\? AND type=\? AND unique_key=\?\)/, ...IN_ROOMS],
  jobResult: [/INDEX jobs_by_id \(id=\?\)/, /SEARCH f USING INTEGER PRIMARY KEY/],
  resultParts: [/SEARCH result_parts USING INDEX .* \(number=\? AND part>\? AND part<\?\)/],
  resultPartsDelete: [/SEARCH result_parts USING .*INDEX .* \(number=\?\)/],
  jobInput: [/INDEX jobs_by_id \(id=\?\)/],
  jobNextTenant: [/INDEX waiting_by_turn \(type=\? AND tenant>\?\)/],
  jobNextPriority: [/INDEX waiting_by_turn \(type=\? AND tenant=\? AND priority<\?\)/],
  jobDue: [DUE],
  jobDueCount: [DUE],
  jobClaimable: [DUE, /SEARCH j USING INTEGER PRIMARY KEY/],
  jobClaim: [DUE],
  jobClaimLeave: [DUE, BY_NUMBER],
  jobClaimableByTime: [BY_TIME, /SEARCH j USING INTEGER PRIMARY KEY/],
  jobClaimByTime: [BY_TIME],
  jobClaimLeaveByTime: [BY_TIME, BY_NUMBER],
  jobNextRunAt: [/INDEX waiting_by_time \(type=\? AND run_at>\?\)/],
  jobOldest: [/INDEX waiting_by_turn \(type=\? AND tenant=\? AND priority=\?\)/],
  workerList: [/SEARCH workers USING PRIMARY KEY \(tenant=\?\)/],
  jobHeld: [/INDEX jobs_by_id \(id=\?\)/, /SEARCH r USING INTEGER PRIMARY KEY/],
  jobExtend: [BY_NUMBER],
  waitingLeave: [BY_NUMBER],
  runningLeave: [BY_NUMBER],
  finishedLeave: [BY_NUMBER],
  jobLost: [/INDEX running_by_end \(ends_at<\?\)/, /SEARCH j USING INTEGER PRIMARY KEY/],
  jobOverrun: [/INDEX running_by_end \(ends_at<\?\)/, /SEARCH j USING INTEGER PRIMARY KEY/],
  jobOverdue: [/INDEX waiting_by_deadline \(deadline_at>\? AND deadline_at<\?\)/, /SEARCH j USING INTEGER PRIMARY KEY/],
  jobPrunable: [/INDEX finished_by_retention \(retain_until<\?\)/, /SEARCH j USING INTEGER PRIMARY KEY/],
  sequenceIsTaken: SEQUENCE_TAKEN,
  sequenceBlockFirst: [/INDEX waiting_by_sequence \(tenant=\? AND sequence_key=\?\)/],
  sequenceBlockNext: [/INDEX waiting_by_sequence \(tenant=\? AND sequence_key=\? AND rowid>\?\)/],
  sequenceUnblockFirst: [
    /INDEX waiting_by_sequence \(tenant=\? AND sequence_key=\?\)/,
    /INDEX running_by_sequence \(tenant=\? AND sequence_key=\?\)/,
  ],
  tombstoneById: [/PRIMARY KEY \(id=\?\)/],
  tombstoneByNumber: [/INDEX tombstones_by_number \(number=\?\)/],
  tombstoneDeleteOver: [/INDEX tombstones_by_end \(gone_until<\?\)/],
  followerDeleteOver: [/INDEX followers_by_end \(until<\?\)/],
  followerWantsOfTenant: [/PRIMARY KEY \(tenant=\?\)/],
  eventRead: [/SEARCH events USING INTEGER PRIMARY KEY \(rowid>\? AND rowid<\?\)/],
  eventReadOfTenant: [/INDEX events_by_tenant \(tenant=\? AND rowid>\? AND rowid<\?\)/],
  eventAges: [/SEARCH events USING INTEGER PRIMARY KEY \(rowid<\?\)/],
  eventDeleteTo: [/SEARCH events USING INTEGER PRIMARY KEY \(rowid<\?\)/],
  deliveryClaim: [/INDEX deliveries_by_turn \(tenant=\? AND lane=\? AND due_at<\?\)/],
  deliveryDue: [/COVERING INDEX deliveries_by_due \(due_at<\?\)/],
  deliveryNextLane: [/INDEX deliveries_by_turn \(tenant=\? AND lane>\?\)/],
  deliveryInsert: [BEFORE],
  deliveryUnblock: [BEFORE],
  deliveryRedeliver: [
    BY_NUMBER,
    /INDEX deliveries_by_order \(tenant=\? AND job_id=\? AND endpoint_id=\? AND rowid<\?\)/,
  ],
  deliveryBlock: [/INDEX deliveries_by_(order|job) \(tenant=\? AND job_id=\? AND .*rowid>\?\)/],
  deliveryFailed: [/INDEX deliveries_by_endpoint \(tenant=\? AND endpoint_id=\? AND state=\?\)/],
  deliveryPending: [/COVERING INDEX deliveries_by_endpoint \(tenant=\? AND endpoint_id=\? AND state=\?\)/],
  deliveryDeleteOver: [/INDEX deliveries_by_end \(keep_until<\?\)/],
  deliveryList: [/INDEX deliveries_by_state \(tenant=\? AND state=\? AND rowid<\?\)/],
  deliveryListOfEndpoint: [/INDEX deliveries_by_endpoint \(tenant=\? AND endpoint_id=\? AND state=\? AND rowid<\?\)/],
  deliveryListOfJob: [/INDEX deliveries_by_job \(tenant=\? AND job_id=\? AND rowid<\?\)/],
  deliveryListOfBoth: [/INDEX deliveries_by_job \(tenant=\? AND job_id=\? AND rowid<\?\)/],
  deliveryIsThere: [/INDEX deliveries_by_job \(tenant=\? AND job_id=\?\)/],
  documentList: [/INDEX documents_by_creation \(tenant=\? AND kind=\?\)/],
};

/** Of what runs, which slots bound: an index by the lease alone would cost every claim and end for the sake of jobs whose worker is gone. */
const SORTED: readonly StatementName[] = ['jobLost'];

for (const [name, wanted] of Object.entries(WANTED) as [StatementName, readonly RegExp[]][]) {
  test(`${name} is served by its index`, () => {
    const plan = planOf(STATEMENTS[name]);
    for (const step of wanted)
      assert.ok(
        plan.some((line) => step.test(line)),
        `${step} is not in ${plan.join(' | ')}`,
      );
    for (const line of plan) {
      assert.doesNotMatch(line, /^SCAN (?!CONSTANT|\()/, plan.join(' | '));
      if (!SORTED.includes(name)) assert.doesNotMatch(line, /TEMP B-TREE/, plan.join(' | '));
    }
  });
}

const LISTS = [
  ['of a tenant', {}, 'tenant', /INDEX jobs_by_tenant \(tenant=\?\)/],
  ['of a tenant after a cursor', { after: 5 }, 'tenant', /INDEX jobs_by_tenant \(tenant=\? AND rowid<\?\)/],
  ['of all tenants', { tenant: null, after: 5 }, 'tenant', /SEARCH j USING INTEGER PRIMARY KEY \(rowid<\?\)/],
  [
    'of failed jobs',
    { states: ['failed'], after: 5 },
    'trouble',
    /INDEX finished_by_trouble \(tenant=\? AND rowid<\?\)/,
  ],
  ['of troubled jobs', { states: ['failed', 'expired'] }, 'trouble', /INDEX finished_by_trouble \(tenant=\?\)/],
  ['of finished jobs', { states: ['succeeded', 'failed'] }, 'tenant', /INDEX jobs_by_tenant \(tenant=\?\)/],
  ['of running jobs', { states: ['running'], after: 5 }, 'running', /SEARCH r USING INTEGER PRIMARY KEY \(rowid<\?\)/],
  ['of waiting jobs', { states: ['waiting'], after: 5 }, 'waiting', /SEARCH w USING INTEGER PRIMARY KEY \(rowid<\?\)/],
  ['of unfinished jobs', { states: ['waiting', 'running'] }, 'tenant', /INDEX jobs_by_tenant \(tenant=\?\)/],
  [
    'of unfinished jobs, room by room',
    { states: ['waiting', 'running'], after: 5 },
    'rooms',
    /SEARCH w USING INTEGER PRIMARY KEY \(rowid<\?\)/,
  ],
  [
    'of jobs that run or have failed',
    { states: ['running', 'failed'], after: 5 },
    'rooms',
    /INDEX finished_by_trouble \(tenant=\? AND rowid<\?\)/,
  ],
  ['by a type', { types: ['a'], after: 5 }, 'type', /INDEX jobs_by_type \(tenant=\? AND type=\? AND rowid<\?\)/],
  ['by two types', { types: ['a', 'b'] }, 'type', /INDEX jobs_by_type \(tenant=\? AND type=\?\)/],
  [
    'by a type and a state',
    { types: ['a'], states: ['succeeded'] },
    'type',
    /INDEX jobs_by_type \(tenant=\? AND type=\?\)/,
  ],
  ['by a tag', { tags: { a: 'b' } }, 'tenant', /PRIMARY KEY \(tenant=\? AND name=\? AND value=\?\)/],
] as const;
/** A page of each type, or of each room. */
const SORTED_LISTS: readonly string[] = [
  'by two types',
  'of unfinished jobs, room by room',
  'of jobs that run or have failed',
];

for (const [words, filter, way, step] of LISTS) {
  test(`a list ${words} is served by its index`, () => {
    const plan = planOf(listQuery({ tenant: 't', limit: 10, ...filter }, way).sql);
    assert.ok(
      plan.some((line) => step.test(line)),
      plan.join(' | '),
    );
    if (SORTED_LISTS.includes(words)) return;
    for (const line of plan) assert.doesNotMatch(line, /TEMP B-TREE|^SCAN (?!json_each)/, plan.join(' | '));
  });
}

const AFTER = { finishedAt: 5, number: 5 };
const FINISHED_LISTS = [
  [
    'in one state',
    { states: ['failed'] },
    { after: AFTER },
    'end',
    /finished_by_end \(tenant=\? AND state=\? AND finished_at<\?\)/,
  ],
  ['in all states', {}, {}, 'end', /finished_by_end \(tenant=\? AND state=\?\)/],
  [
    'in a time',
    {},
    { from: 1, before: 2 },
    'end',
    /finished_by_end \(tenant=\? AND state=\? AND finished_at>\? AND finished_at<\?\)/,
  ],
  [
    'with an error',
    {},
    { errorCode: 'E', from: 1 },
    'error',
    /finished_by_error \(tenant=\? AND <expr>=\? AND finished_at>\?\)/,
  ],
  ['of a rare type', { types: ['a'] }, {}, 'jobs', /SEARCH f USING INTEGER PRIMARY KEY/],
] as const;

for (const [words, filter, finished, way, step] of FINISHED_LISTS) {
  test(`a list of jobs that finished ${words} is served by its index`, () => {
    const plan = planOf(finishedQuery({ tenant: 't', limit: 10, ...filter, finished }, way).sql);
    assert.ok(
      plan.some((line) => step.test(line)),
      plan.join(' | '),
    );
    for (const line of plan) assert.doesNotMatch(line, /^SCAN (?!p$|json_each|CONSTANT|\()/, plan.join(' | '));
  });
}
