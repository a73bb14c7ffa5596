/**
 * Lists and counts: the only statements whose text depends on what is asked. They are not prepared: which index is best depends
 * on how rare the wanted states are, so each is planned (in 1 ms) for its own values and the size of the table then.
 *
 * A list of one tenant steps through (type, state) pairs in `jobs_by_kind`, takes the first `limit` numbers of each and merges
 * them: about `limit` index entries per pair, whatever the number of jobs and however rare the state. Running jobs, which are few,
 * are looked through in `jobs_running_by_number`. A list by tags follows
 * the tag. Only the job rows of the page itself are read.
 */
import type { Job } from '../../core/job.ts';
import { type FinalState, isFinal, STORED_STATES, type StoredState } from '../../core/state.ts';
import type { Count, CountFilter, ListFilter } from '../contract.ts';
import { repeated } from './connection/repeat.ts';
import type { Session } from './connection/session.ts';
import { jobAt } from './rows.ts';
import { jobRowOf } from './statements/statements.ts';
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
  const order = `ORDER BY number ${direction(filter)} LIMIT ${plan.add(filter.limit, 'bigint')}`;
  const tenant = plan.add(storedText(filter.tenant ?? ''), 'text');
  const page = `j.tenant = ${tenant} AND j.number ${beyond(plan, filter)} AND ${conditions(plan, filter)}`;
  const others = new Set(filter.states ?? STORED_STATES);
  const running = others.delete('running')
    ? [`SELECT j.number FROM ${s}.jobs j WHERE j.state = 'running' AND ${page} ${typeCondition(plan, filter)} ${order}`]
    : [];
  const states = plan.add(textArray([...others]), 'text[]');
  const byKind = `SELECT n.number FROM (${kindsOf(plan, s, filter, tenant)}) k
    CROSS JOIN unnest(${states}) AS w(state) CROSS JOIN LATERAL (
      SELECT j.number FROM ${s}.jobs j
      WHERE j.state <> 'running' AND j.type = k.type AND j.state = w.state AND ${page} ${order}) n`;
  return `SELECT number FROM (${[byKind, ...running].map((one) => `(${one})`).join(' UNION ALL ')}) n ${order}`;
}

/** The wanted types, or all of the tenant's that have a job which is not running. */
function kindsOf(plan: Draft, s: string, { types }: ListFilter, tenant: string): string {
  if (types !== undefined)
    return `SELECT DISTINCT type FROM unnest(${plan.add(textArray(types), 'text[]')}) AS k(type)`;
  const next = (above: string) =>
    `SELECT j.type FROM ${s}.jobs j WHERE j.state <> 'running' AND j.tenant = ${tenant} ${above} ORDER BY j.type LIMIT 1`;
  return `WITH RECURSIVE steps AS ((${next('')}) UNION ALL
      SELECT n.type FROM steps p CROSS JOIN LATERAL (${next('AND j.type > p.type')}) n)
    SELECT type FROM steps`;
}

function numbersByTag(plan: Draft, s: string, filter: ListFilter): string {
  return `SELECT j.number ${jobsByTag(plan, s, filter)} AND t.number ${beyond(plan, filter)}
    ORDER BY t.number ${direction(filter)} LIMIT ${plan.add(filter.limit, 'bigint')}`;
}

/** From the first tag `t` to the jobs `j` that have it, with all the conditions of the filter. */
function jobsByTag(plan: Draft, s: string, filter: CountFilter): string {
  const [first, ...others] = Object.entries(filter.tags ?? {});
  const [name, value] = first ?? ['', ''];
  return `FROM ${s}.job_tags t CROSS JOIN LATERAL (SELECT * FROM ${s}.jobs WHERE number = t.number LIMIT 1) j
    WHERE t.tenant = ${plan.add(storedText(filter.tenant ?? ''), 'text')}
      AND t.name = ${plan.add(storedText(name), 'text')} AND t.value = ${plan.add(storedText(value), 'text')}
      AND j.state = ANY (${plan.add(stateArray(filter), 'text[]')}) ${typeCondition(plan, filter)}
      AND ${conditions(plan, filter)}${tagConditions(plan, s, others)}`;
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

export async function countJobs(session: Session, s: string, filter: CountFilter): Promise<readonly Count[]> {
  const states = STORED_STATES.filter((state) => filter.states?.includes(state) ?? true);
  if (states.length === 0 || filter.types?.length === 0) return [];
  const plan = draft();
  const isByTag = filter.tenant !== null && Object.keys(filter.tags ?? {}).length > 0;
  const text = isByTag
    ? `SELECT j.tenant, j.type, j.state, count(*) ${jobsByTag(plan, s, filter)} GROUP BY j.tenant, j.type, j.state`
    : countByState(plan, s, filter, states);
  const rows = await repeated(() => session.runText(text, plan.values));
  return rows.map(([tenant, type, state, count]) => ({
    tenant: givenText(tenant as string),
    type: givenText(type as string),
    state: state as StoredState,
    count: count as number,
  }));
}

/** States stand in the text: unfinished jobs, which are counted all the time, are in small partial indexes (without their state). */
function countByState(plan: Draft, s: string, filter: CountFilter, states: readonly StoredState[]): string {
  const tenant = filter.tenant === null ? '' : ` AND j.tenant = ${plan.add(storedText(filter.tenant), 'text')}`;
  const isTimed = filter.createdFrom !== undefined || filter.createdBefore !== undefined;
  const time = isTimed ? ` AND ${conditions(plan, filter)}` : '';
  const tags = tagConditions(plan, s, Object.entries(filter.tags ?? {}));
  const where = `${tenant} ${typeCondition(plan, filter)}${time}${tags}`;
  const rows = (state: string, condition: string) =>
    `SELECT j.tenant, j.type, ${state} AS state FROM ${s}.jobs j WHERE ${condition}${where}`;
  const parts = states.flatMap((state) =>
    isFinal(state) ? [] : UNFINISHED[state].map((condition) => rows(`'${state}'`, condition)),
  );
  const finals = states.filter(isFinal).map((state) => `'${state}'`);
  if (finals.length > 0) parts.push(rows('j.state', `j.state <> 'running' AND j.state IN (${finals.join(', ')})`));
  return `SELECT tenant, type, state, count(*) FROM (${parts.join(' UNION ALL ')}) j GROUP BY tenant, type, state`;
}

/** Waiting jobs that are free are all in the index of the claims, those that are blocked in that of the sequences. */
const UNFINISHED: Readonly<Record<Exclude<StoredState, FinalState>, readonly string[]>> = {
  waiting: [
    `j.state = 'waiting' AND NOT j.blocked`,
    `j.state = 'waiting' AND j.blocked AND j.sequence_key IS NOT NULL AND j.state IN ('waiting', 'running')`,
  ],
  running: [`j.state = 'running'`],
};
