/**
 * Sequences: jobs of one tenant and key run one after another. What keeps `blocked` true to its meaning when several
 * processes write at once: a waiting job has the sequence's bit of it exactly when an earlier one of its key is unfinished, or any of them runs.
 *
 * 1. Whoever inserts jobs of a key, or moves one of them into another state, first takes the lock of that key, in a statement
 *    of its own: the statements after it see all that was committed before. Without it, the end of one job and the insert of the
 *    next could miss each other, and the next would be blocked for ever.
 * 2. Numbers are given out under the lock, so jobs of a key become visible in their order: none can start while an
 *    earlier one is still on its way into the table.
 * 3. Then the change itself, and `sequenceSettle` as the last statement of the transaction.
 * 4. Claims take no such lock: they only touch the one job of a key that is free. Whoever puts jobs ahead of that one (a retry, an
 *    import) therefore blocks it by `sequenceBlockNext` before: that waits for a claim that has its row, and `sequenceSettle` then
 *    sees it running; a claim that comes later passes over it.
 *
 * Jobs without a key pay nothing.
 *
 * differs: SQLite has one writer, and does the steps of `sequenceSettle` per job as it is changed.
 */

import { BLOCKED_BY } from '../../blocks.ts';
import { keyIn } from './rooms.ts';
import { isOne } from './statement-parts.ts';

/** First half of the locks' key, "seqs"; the second half is the schema's hash and the lock's own number in its low bits. */
const LOCK_CLASS = 0x73657173;
/** Of unique keys, "uniq": taken after those of sequences, so that nobody waits in a circle. */
const UNIQUE_LOCK_CLASS = 0x756e6971;
const COUNT_LOCK_CLASS = UNIQUE_LOCK_CLASS + 1;

/**
 * Locks that all keys of a schema share. A lock per key would be a thousand for a batch of a thousand keys, and a server has
 * room for 6,400 by default, over all connections. With 32, callers of one key each rarely meet, and a large batch waits for
 * another large batch.
 */
const LOCKS = 32;

/** What a job of a sequence is blocked by until `sequenceSettle` frees the one that may run. */
export const SEQUENCE_BIT = `CASE WHEN sequence_key IS NULL THEN 0 ELSE ${BLOCKED_BY.sequence} END`;
/** Whoever has to wait for others holds no ticket of a limit: those ahead might need it. */
const BEHIND = `w.blocked | CASE WHEN w.limit_key IS NULL THEN ${BLOCKED_BY.sequence} ELSE ${BLOCKED_BY.sequence | BLOCKED_BY.limit} END`;
const isBehind = (alias = '') => `(${alias}blocked & ${BLOCKED_BY.sequence}) <> 0`;

/** Locks go in the order of their numbers, so that no two batches can wait for each other. */
function lockOf(s: string, given: string): string {
  return keyLock(s, { lockClass: LOCK_CLASS, text: 'tenant || sequence_key', given });
}

/** Locks of the keys that are given as texts, for the rest of the transaction. */
function keyLock(
  s: string,
  { lockClass, text, given }: { readonly lockClass: number; readonly text: string; readonly given: string },
): string {
  const schema = `(hashtext('${s.replaceAll("'", "''")}') & ~${LOCKS - 1})`;
  return `
WITH keys AS MATERIALIZED (
  SELECT DISTINCT hashtext(${text}) & ${LOCKS - 1} AS lock FROM ${given} ORDER BY lock
)
SELECT pg_advisory_xact_lock(${lockClass}, ${schema} | lock) FROM keys`;
}

/** A job of a sequence by its id: neither its tenant nor its key ever changes. */
const sequenceOf = (s: string) => `
  SELECT tenant, sequence_key FROM ${s}.jobs WHERE id = g.id AND sequence_key IS NOT NULL LIMIT 1`;

/** The sequences that the jobs $1 belong to. */
const touchedBy = (s: string) => `
  SELECT DISTINCT j.tenant, j.sequence_key FROM unnest($1::uuid[]) AS g(id) CROSS JOIN LATERAL (${sequenceOf(s)}) j`;

const waitingOf = (s: string, sequence: string) => `
    SELECT number, tenant, type, sequence_key, ${isBehind()} AS is_behind FROM ${s}.waiting
    WHERE tenant = ${sequence}.tenant AND sequence_key = ${sequence}.sequence_key AND sequence_key IS NOT NULL`;

/** Whether something of its sequence has to end before the job `c` may run. */
const hasToWait = (s: string) => `(EXISTS (
    SELECT 1 FROM ${s}.waiting WHERE tenant = c.tenant AND sequence_key = c.sequence_key AND sequence_key IS NOT NULL
      AND number < c.number) OR EXISTS (
    SELECT 1 FROM ${s}.running WHERE ${isOne('tenant', 'c.tenant')} AND sequence_key = c.sequence_key AND sequence_key IS NOT NULL))`;

/**
 * $1 ids of jobs that were inserted or changed; those without a key are passed over.
 *
 * Only these jobs and the first two that wait of each key can be other than they should be: the first is free when the one before it
 * or the one that ran made room, and the second is blocked again when one before it was retried.
 */
const sequenceSettle = (s: string) => `
WITH touched AS MATERIALIZED (${touchedBy(s)}
), doubtful AS MATERIALIZED (
  SELECT c.* FROM touched t CROSS JOIN LATERAL (${waitingOf(s, 't')}
    ORDER BY number LIMIT 2) c
  UNION
  SELECT c.* FROM unnest($1::uuid[]) AS g(id)
  CROSS JOIN LATERAL (SELECT tenant, type, number FROM ${s}.jobs WHERE id = g.id AND sequence_key IS NOT NULL LIMIT 1) j
  CROSS JOIN LATERAL (
    SELECT number, tenant, type, sequence_key, ${isBehind()} AS is_behind FROM ${s}.waiting WHERE ${keyIn('waiting', 'j')} LIMIT 1) c
  WHERE NOT c.is_behind
), judged AS MATERIALIZED (
  SELECT c.number, c.tenant, c.type, c.is_behind, ${hasToWait(s)} AS has_to_wait FROM doubtful c
)
UPDATE ${s}.waiting w SET blocked = CASE WHEN j.has_to_wait THEN ${BEHIND} ELSE w.blocked & ~${BLOCKED_BY.sequence} END FROM judged j
WHERE ${keyIn('waiting', 'j', 'w')} AND j.is_behind <> j.has_to_wait
RETURNING w.tenant, w.limit_key`;

/**
 * $1 ids of jobs that were retried or restored, perhaps ahead of others: whatever was first of their keys no longer is. Only the first
 * waiting job of a key can be free, so of each key there is one to look at; `sequenceSettle` does the rest.
 */
const sequenceBlockNext = (s: string) => `
WITH touched AS MATERIALIZED (${touchedBy(s)}
), mine AS MATERIALIZED (
  SELECT j.number FROM unnest($1::uuid[]) AS g(id) CROSS JOIN LATERAL (SELECT number FROM ${s}.jobs WHERE id = g.id LIMIT 1) j
), others AS MATERIALIZED (
  SELECT c.* FROM touched t CROSS JOIN LATERAL (${waitingOf(s, 't')}
      AND (number IN (SELECT number FROM mine)) IS NOT TRUE
    ORDER BY number LIMIT 1) c
), overtaken AS MATERIALIZED (
  SELECT c.number, c.tenant, c.type FROM others c WHERE NOT c.is_behind AND ${hasToWait(s)}
)
UPDATE ${s}.waiting w SET blocked = ${BEHIND} FROM overtaken o
WHERE ${keyIn('waiting', 'o', 'w')} AND NOT ${isBehind('w.')}`;

export function sequenceStatementsOf(s: string) {
  return {
    /** $1 tenants, $2 keys. */
    sequenceLock: lockOf(s, 'unnest($1::text[], $2::text[]) AS g(tenant, sequence_key)'),
    /** $1 tenants, $2 types, $3 unique keys: numbers of jobs of a key are given out under it. */
    uniqueLock: keyLock(s, {
      lockClass: UNIQUE_LOCK_CLASS,
      text: 'tenant || type || unique_key',
      given: 'unnest($1::text[], $2::text[], $3::text[]) AS g(tenant, type, unique_key)',
    }),
    /** $1 tenants, $2 kinds: who adds one of a kind that is counted counts under it. */
    countLock: keyLock(s, {
      lockClass: COUNT_LOCK_CLASS,
      text: 'tenant || kind',
      given: 'unnest($1::text[], $2::text[]) AS g(tenant, kind)',
    }),
    /** $1 ids of jobs. */
    sequenceLockOfJobs: lockOf(s, `unnest($1::uuid[]) AS g(id) CROSS JOIN LATERAL (${sequenceOf(s)}) j`),
    sequenceSettle: sequenceSettle(s),
    sequenceBlockNext: sequenceBlockNext(s),
  };
}
