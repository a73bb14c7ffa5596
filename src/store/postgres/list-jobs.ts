/**
 * Lists and counts: the only statements whose text depends on what is asked. They are not prepared: which index is best depends
 * on how rare the wanted states are, so each is planned (in 1 ms) for its own values and the size of the table then.
 *
 * A list of one tenant steps through (type, state) pairs in `jobs_by_kind`, takes the first `limit` numbers of each and merges
 * them: about `limit` index entries per pair, whatever the number of jobs and however rare the state. A list by tags follows
 * the tag. Only the job rows of the page itself are read.
 */
import type { Job } from '../../core/job.ts';
import { STORED_STATES, type StoredState } from '../../core/state.ts';
import type { Count, CountFilter, ListFilter } from '../contract.ts';
import { repeated } from './repeat.ts';
import { jobAt } from './rows.ts';
import type { Session } from './session.ts';
import { jobRowOf } from './statements.ts';
import { givenText, storedText, textArray } from './wire-text.ts';

/** Collects parameters while a text is put together. */
interface Draft {
  readonly values: unknown[];
  /** The placeholder of a value. */
  add(value: unknown, type: string): string;
}

function draft(): Draft {
  const values: unknown[] = [];
  return {
    values,
    add(value, type) {
      values.push(value);
      return `$${values.length}::${type}`;
    },
  };
}

const TIME_MIN = 0;
const TIME_MAX = Number.MAX_SAFE_INTEGER;

export async function listJobs(session: Session, s: string, filter: ListFilter): Promise<readonly Job[]> {
  if (filter.limit <= 0 || filter.states?.length === 0 || filter.types?.length === 0) return [];
  const tags = Object.entries(filter.tags ?? {});
  const way = tags.length > 0 && filter.tenant !== null ? 'tag' : filter.tenant === null ? 'number' : 'kind';
  const plan = draft();
  const numbers = { tag: numbersByTag, number: numbersByNumber, kind: numbersByKind }[way](plan, s, filter);
  const direction = filter.order === 'oldest' ? 'ASC' : 'DESC';
  const text = `WITH page AS MATERIALIZED (${numbers})
    SELECT ${jobRowOf('j')} FROM page CROSS JOIN LATERAL (SELECT * FROM ${s}.jobs WHERE number = page.number LIMIT 1) j
    ORDER BY j.number ${direction}`;
  const rows = await repeated(() => session.runText(text, plan.values));
  return rows.map((row) => jobAt(row));
}

/** Conditions on a job row `j` that do not lead to it. */
function conditions(plan: Draft, filter: CountFilter): string {
  return `j.created_at >= ${plan.add(filter.createdFrom ?? TIME_MIN, 'bigint')}
    AND j.created_at < ${plan.add(filter.createdBefore ?? TIME_MAX, 'bigint')}`;
}

/** "number < $n" for newest first, "number > $n" for oldest first. */
function beyond(plan: Draft, filter: ListFilter): string {
  const isOldest = filter.order === 'oldest';
  return `${isOldest ? '>' : '<'} ${plan.add(filter.after ?? (isOldest ? -1 : TIME_MAX), 'bigint')}`;
}

function direction(filter: ListFilter): string {
  return filter.order === 'oldest' ? 'ASC' : 'DESC';
}

/**
 * Every one of the tags, on the job row `j`. As a count and not as one EXISTS per tag: the planner would turn those into joins,
 * and with 100 tags look for the best order of 100 joins, for longer than the statement may take.
 */
function tagConditions(plan: Draft, s: string, tags: readonly (readonly [string, string])[]): string {
  if (tags.length === 0) return '';
  const names = plan.add(textArray(tags.map(([name]) => name)), 'text[]');
  const values = plan.add(textArray(tags.map(([, value]) => value)), 'text[]');
  return ` AND ${plan.add(tags.length, 'bigint')} = (
      SELECT count(*) FROM unnest(${names}, ${values}) AS w(name, value) CROSS JOIN LATERAL (
        SELECT 1 FROM ${s}.job_tags t WHERE t.tenant = j.tenant AND t.name = w.name AND t.value = w.value
          AND t.number = j.number LIMIT 1) x)`;
}

function stateArray(filter: CountFilter): string {
  return textArray(filter.states ?? STORED_STATES);
}

function numbersByKind(plan: Draft, s: string, filter: ListFilter): string {
  const tenant = plan.add(storedText(filter.tenant ?? ''), 'text');
  const limit = plan.add(filter.limit, 'bigint');
  const next = (above: string) =>
    `SELECT j.type FROM ${s}.jobs j WHERE j.tenant = ${tenant} ${above} ORDER BY j.type LIMIT 1`;
  const kinds =
    filter.types === undefined
      ? `WITH RECURSIVE steps AS ((${next('')}) UNION ALL
          SELECT n.type FROM steps p CROSS JOIN LATERAL (${next('AND j.type > p.type')}) n)
          SELECT type FROM steps`
      : `SELECT DISTINCT type FROM unnest(${plan.add(textArray(filter.types), 'text[]')}) AS k(type)`;
  const states = plan.add(textArray([...new Set(filter.states ?? STORED_STATES)]), 'text[]');
  return `SELECT n.number FROM (${kinds}) k CROSS JOIN unnest(${states}) AS w(state) CROSS JOIN LATERAL (
      SELECT j.number FROM ${s}.jobs j WHERE j.tenant = ${tenant} AND j.type = k.type AND j.state = w.state
        AND j.number ${beyond(plan, filter)} AND ${conditions(plan, filter)}
      ORDER BY j.number ${direction(filter)} LIMIT ${limit}) n
    ORDER BY n.number ${direction(filter)} LIMIT ${limit}`;
}

function numbersByTag(plan: Draft, s: string, filter: ListFilter): string {
  const [first, ...others] = Object.entries(filter.tags ?? {});
  const [name, value] = first ?? ['', ''];
  return `SELECT j.number FROM ${s}.job_tags t
    CROSS JOIN LATERAL (SELECT * FROM ${s}.jobs WHERE number = t.number LIMIT 1) j
    WHERE t.tenant = ${plan.add(storedText(filter.tenant ?? ''), 'text')}
      AND t.name = ${plan.add(storedText(name), 'text')} AND t.value = ${plan.add(storedText(value), 'text')}
      AND t.number ${beyond(plan, filter)} AND j.state = ANY (${plan.add(stateArray(filter), 'text[]')})
      ${typeCondition(plan, filter)} AND ${conditions(plan, filter)}${tagConditions(plan, s, others)}
    ORDER BY t.number ${direction(filter)} LIMIT ${plan.add(filter.limit, 'bigint')}`;
}

function numbersByNumber(plan: Draft, s: string, filter: ListFilter): string {
  const tags = Object.entries(filter.tags ?? {});
  return `SELECT j.number FROM ${s}.jobs j
    WHERE j.number ${beyond(plan, filter)} AND j.state = ANY (${plan.add(stateArray(filter), 'text[]')})
      ${typeCondition(plan, filter)} AND ${conditions(plan, filter)}${tagConditions(plan, s, tags)}
    ORDER BY j.number ${direction(filter)} LIMIT ${plan.add(filter.limit, 'bigint')}`;
}

function typeCondition(plan: Draft, filter: CountFilter): string {
  return filter.types === undefined ? '' : `AND j.type = ANY (${plan.add(textArray(filter.types), 'text[]')})`;
}

/** One branch per state, with the state in the text, so that unfinished jobs are counted in their small partial indexes. */
export async function countJobs(session: Session, s: string, filter: CountFilter): Promise<readonly Count[]> {
  const states = STORED_STATES.filter((state) => filter.states?.includes(state) ?? true);
  if (states.length === 0 || filter.types?.length === 0) return [];
  const plan = draft();
  const where = countConditions(plan, s, filter);
  const text = states.map((state) => countBranch(s, state, where)).join(' UNION ALL ');
  const rows = await repeated(() => session.runText(text, plan.values));
  return rows.map(([tenant, type, state, count]) => ({
    tenant: givenText(tenant as string),
    type: givenText(type as string),
    state: state as StoredState,
    count: count as number,
  }));
}

function countConditions(plan: Draft, s: string, filter: CountFilter): string {
  const tenant = filter.tenant === null ? '' : ` AND j.tenant = ${plan.add(storedText(filter.tenant), 'text')}`;
  const isTimed = filter.createdFrom !== undefined || filter.createdBefore !== undefined;
  const time = isTimed ? ` AND ${conditions(plan, filter)}` : '';
  const tags = tagConditions(plan, s, Object.entries(filter.tags ?? {}));
  return `${tenant} ${typeCondition(plan, filter)}${time}${tags}`;
}

function countBranch(s: string, state: StoredState, where: string): string {
  return `SELECT j.tenant, j.type, '${state}', count(*) FROM ${s}.jobs j
    WHERE j.state = '${state}'${where} GROUP BY j.tenant, j.type`;
}
