/**
 * Lists and counts: the only statements whose text depends on what is asked. They are not prepared: which index is best depends
 * on how rare the wanted states are, so each is planned (in 1 ms) for its own values and the size of the table then.
 *
 * A list by state or of one tenant steps through the types of each room (and the final states), takes the first `limit` numbers of each and merges
 * them: about `limit` index entries per pair, whatever the number of jobs and however rare the state. Running jobs, which are few, are
 * looked through by number. A list by tags follows the tag. Only the rows of the page itself are read.
 *
 * Counts without tags and times are sums that the writers keep: see `count-statements.ts`.
 */
import type { Job } from '../../core/job.ts';
import { isFinal, STORED_STATES, type StoredState } from '../../core/state.ts';
import type { Count, CountFilter, FinishedFilter, JobUsage, ListFilter } from '../contract.ts';
import { repeated } from './connection/repeat.ts';
import type { Session } from './connection/session.ts';
import { jobAt } from './rows.ts';
import { errorCodeOf, FOR_LISTS } from './schema/migrations.ts';
import { countRowsOf } from './statements/count-statements.ts';
import { jobByNumber, jobRow, roomRow } from './statements/rooms.ts';
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
  if (filter.finished !== undefined) return listFinished(session, s, { ...filter, finished: filter.finished });
  const way = wayOf(filter);
  const plan = draft();
  const ways = { tag: numbersByTag, number: numbersByNumber, kind: numbersByKind, group: numbersByGroup };
  const numbers = ways[way](plan, s, filter);
  const direction = filter.order === 'oldest' ? 'ASC' : 'DESC';
  const text = `WITH page AS MATERIALIZED (${numbers})
    SELECT ${jobRow()} FROM page ${jobByNumber(s, 'page.number')} ORDER BY j.number ${direction}`;
  const rows = await repeated(() => session.runText(text, plan.values));
  return rows.map((row) => jobAt(row));
}

/** Operators' lists of all jobs go by number alone: whatever is next is wanted. */
function wayOf({ tenant, states, tags, group }: ListFilter): 'tag' | 'kind' | 'number' | 'group' {
  if (group !== undefined) return 'group';
  const hasTags = Object.keys(tags ?? {}).length > 0;
  if (hasTags) return tenant === null ? 'number' : 'tag';
  return tenant === null && states === undefined ? 'number' : 'kind';
}

type Finished = ListFilter & { readonly finished: FinishedFilter };
type FinishedCount = CountFilter & { readonly finished: FinishedFilter };

/** By the time of their end: as by number, one part per type and state, or along the error or the tag. */
async function listFinished(session: Session, s: string, filter: Finished): Promise<readonly Job[]> {
  const finals = statesOf(filter).filter(isFinal);
  if (finals.length === 0) return [];
  const plan = draft();
  const order = `ORDER BY finished_at ${direction(filter)}, number ${direction(filter)}`;
  const numbers = endedNumbers(plan, s, filter, { finals, order });
  const text = `WITH page AS MATERIALIZED (${numbers})
    SELECT ${jobRow()} FROM page ${jobByNumber(s, 'page.number')} ORDER BY page.finished_at ${direction(filter)}, j.number ${direction(filter)}`;
  const rows = await repeated(() => session.runText(text, plan.values));
  return rows.map((row) => jobAt(row));
}

function endedNumbers(
  plan: Draft,
  s: string,
  filter: Finished,
  { finals, order }: { readonly finals: readonly StoredState[]; readonly order: string },
): string {
  const { tenant, finished } = filter;
  const page = `${order} LIMIT ${plan.add(filter.limit, 'bigint')}`;
  const tags = Object.entries(filter.tags ?? {});
  const isOf = tenant === null ? 'TRUE' : `j.tenant = ${plan.add(storedText(tenant), 'text')}`;
  const states = plan.add(textArray(finals), 'text[]');
  const room = `SELECT j.number, j.finished_at FROM ${s}.finished j WHERE j.${FOR_LISTS} AND ${isOf} AND ${endedWithin(plan, filter)} ${beyondLast(plan, filter)} AND ${conditions(plan, filter)}`;
  if (finished.errorCode !== undefined) {
    return `${room} AND j.state = ANY (${states}) ${errorCondition(plan, finished.errorCode)} ${typeCondition(plan, filter)}${tagConditions(plan, s, tags)} ${page}`;
  }
  if (tenant === null || tags.length > 0) {
    const tagged = tags.length === 0 ? '' : `AND j.number IN (${firstTagged(plan, s, filter)})`;
    return `${room} AND j.state = ANY (${states}) ${typeCondition(plan, filter)} ${tagged}${tagConditions(plan, s, tags)} ${page}`;
  }
  return `SELECT n.number, n.finished_at FROM (${kindsOf(plan, `${s}.finished`, filter)}) k
    CROSS JOIN unnest(${states}) AS w(state) CROSS JOIN LATERAL (
    ${room} AND j.tenant = k.tenant AND j.type = k.type AND j.state = w.state ${page}) n ${page}`;
}

/** The condition of the partial index, word for word. */
function errorCondition(plan: Draft, errorCode: string | undefined): string {
  if (errorCode === undefined) return '';
  const code = plan.add(storedText(JSON.stringify(errorCode).slice(1, -1)), 'text');
  return `AND j.state IN ('failed', 'cancelled', 'expired') AND ${errorCodeOf('j.error')} = ${code}`;
}

function firstTagged(plan: Draft, s: string, { tenant, tags }: CountFilter): string {
  const [name, value] = Object.entries(tags ?? {})[0] ?? ['', ''];
  const owner = tenant === null ? '' : `t.tenant = ${plan.add(storedText(tenant), 'text')} AND`;
  return `SELECT t.number FROM ${s}.job_tags t WHERE ${owner} t.name = ${plan.add(storedText(name), 'text')}
    AND t.value = ${plan.add(storedText(value), 'text')}`;
}

function endedWithin(plan: Draft, { finished: { from, before } }: FinishedCount): string {
  return `j.finished_at >= ${plan.add(from ?? TIME_MIN, 'bigint')} AND j.finished_at < ${plan.add(before ?? TIME_MAX, 'bigint')}`;
}

function beyondLast(plan: Draft, { finished: { after }, order }: Finished): string {
  const [finishedAt, number] = after === undefined ? [] : [after.finishedAt, after.number];
  if (finishedAt === undefined) return '';
  return `AND (j.finished_at, j.number) ${order === 'oldest' ? '>' : '<'} (${plan.add(finishedAt, 'bigint')}, ${plan.add(number, 'bigint')})`;
}

/** Conditions on a row `j` of the job or its room that do not lead to it. */
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
 * Every one of the tags, on a row `j` of the job or its room. As a count and not as one EXISTS per tag: the planner would turn those into joins,
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

function statesOf({ states }: CountFilter): readonly StoredState[] {
  return STORED_STATES.filter((state) => states?.includes(state) ?? true);
}

function numbersByKind(plan: Draft, s: string, filter: ListFilter): string {
  const order = `ORDER BY number ${direction(filter)} LIMIT ${plan.add(filter.limit, 'bigint')}`;
  const page = `j.number ${beyond(plan, filter)} AND ${conditions(plan, filter)}`;
  const kind = `j.tenant = k.tenant AND j.type = k.type`;
  const states = statesOf(filter);
  const finals = states.filter(isFinal);
  const parts: string[] = [];
  if (states.includes('waiting')) {
    parts.push(`SELECT n.number FROM (${kindsOf(plan, `${s}.waiting`, filter)}) k CROSS JOIN LATERAL (
      SELECT j.number FROM ${s}.waiting j WHERE ${kind} AND ${page} ${order}) n`);
  }
  if (states.includes('running')) {
    const own = `${tenantCondition(plan, filter, 'j')} ${typeCondition(plan, filter)}`;
    parts.push(`SELECT j.number FROM ${s}.running j WHERE ${page} ${own} ${order}`);
  }
  if (finals.length > 0) {
    parts.push(`SELECT n.number FROM (${kindsOf(plan, `${s}.finished`, filter)}) k
      CROSS JOIN unnest(${plan.add(textArray(finals), 'text[]')}) AS w(state) CROSS JOIN LATERAL (
      SELECT j.number FROM ${s}.finished j WHERE ${kind} AND j.state = w.state AND ${page} ${order}) n`);
  }
  return `SELECT number FROM (${parts.map((one) => `(${one})`).join(' UNION ALL ')}) n ${order}`;
}

/** The tenants and types to look for: those that the filter names, or all that there are in this room, one index probe each. */
function kindsOf(plan: Draft, room: string, filter: CountFilter): string {
  const { tenant, types } = filter;
  if (types !== undefined && tenant !== null) {
    return `SELECT DISTINCT ${plan.add(storedText(tenant), 'text')} AS tenant, type
      FROM unnest(${plan.add(textArray(types), 'text[]')}) AS k(type)`;
  }
  const own = tenantCondition(plan, filter, 'j');
  // Beside a tenant that is given, the pair would be compared entry by entry.
  const beyondStep = tenant === null ? 'AND (j.tenant, j.type) > (p.tenant, p.type)' : 'AND j.type > p.type';
  const next = (above: string) =>
    `SELECT j.tenant, j.type FROM ${room} j WHERE true ${own} ${above} ORDER BY j.tenant, j.type LIMIT 1`;
  return `WITH RECURSIVE steps AS ((${next('')}) UNION ALL
      SELECT n.tenant, n.type FROM steps p CROSS JOIN LATERAL (${next(beyondStep)}) n)
    SELECT j.tenant, j.type FROM steps j WHERE true ${typeCondition(plan, filter)}`;
}

function numbersByTag(plan: Draft, s: string, filter: ListFilter): string {
  return `SELECT j.number ${jobsByTag(plan, s, filter)} AND t.number ${beyond(plan, filter)}
    ORDER BY t.number ${direction(filter)} LIMIT ${plan.add(filter.limit, 'bigint')}`;
}

/** From the first tag `t` to the jobs `j` that have it, with all the conditions of the filter; `r` is the room. */
function jobsByTag(plan: Draft, s: string, filter: CountFilter): string {
  const [first, ...others] = Object.entries(filter.tags ?? {});
  const [name, value] = first ?? ['', ''];
  return `FROM ${s}.job_tags t CROSS JOIN LATERAL (SELECT * FROM ${s}.jobs WHERE number = t.number LIMIT 1) j
    CROSS JOIN LATERAL ${roomRow(s)} r
    WHERE t.tenant = ${plan.add(storedText(filter.tenant ?? ''), 'text')}
      AND t.name = ${plan.add(storedText(name), 'text')} AND t.value = ${plan.add(storedText(value), 'text')}
      AND r.state = ANY (${plan.add(textArray(statesOf(filter)), 'text[]')}) ${typeCondition(plan, filter)}
      AND ${conditions(plan, filter)}${tagConditions(plan, s, others)}`;
}

function numbersByGroup(plan: Draft, s: string, filter: ListFilter): string {
  return `SELECT j.number ${jobsByGroup(plan, s, filter)} AND m.number ${beyond(plan, filter)}
    ORDER BY m.number ${direction(filter)} LIMIT ${plan.add(filter.limit, 'bigint')}`;
}

/** From the members `m` of a group to the jobs `j`, with all the conditions of the filter; `r` is the room. */
function jobsByGroup(plan: Draft, s: string, filter: CountFilter): string {
  const tags = Object.entries(filter.tags ?? {});
  const states = plan.add(textArray(statesOf(filter)), 'text[]');
  return `FROM ${s}.group_members m CROSS JOIN LATERAL (SELECT * FROM ${s}.jobs WHERE number = m.number LIMIT 1) j
    CROSS JOIN LATERAL ${roomRow(s)} r
    WHERE m.group_id = ${plan.add(filter.group, 'uuid')} ${tenantCondition(plan, filter, 'j')} AND r.state = ANY (${states})
      ${typeCondition(plan, filter)} AND ${conditions(plan, filter)}${tagConditions(plan, s, tags)}`;
}

function numbersByNumber(plan: Draft, s: string, filter: ListFilter): string {
  const tags = Object.entries(filter.tags ?? {});
  const isOfStates = filter.states !== undefined;
  return `SELECT j.number FROM ${s}.jobs j ${isOfStates ? `CROSS JOIN LATERAL ${roomRow(s)} r` : ''}
    WHERE j.number ${beyond(plan, filter)} ${typeCondition(plan, filter)} AND ${conditions(plan, filter)}
      ${isOfStates ? `AND r.state = ANY (${plan.add(textArray(statesOf(filter)), 'text[]')})` : ''}${tagConditions(plan, s, tags)}
    ORDER BY j.number ${direction(filter)} LIMIT ${plan.add(filter.limit, 'bigint')}`;
}

function typeCondition(plan: Draft, filter: CountFilter): string {
  return filter.types === undefined ? '' : `AND j.type = ANY (${plan.add(textArray(filter.types), 'text[]')})`;
}

export async function countJobs(session: Session, s: string, filter: CountFilter): Promise<readonly Count[]> {
  if (statesOf(filter).length === 0 || filter.types?.length === 0) return [];
  const plan = draft();
  const hasTags = Object.keys(filter.tags ?? {}).length > 0;
  const isTimed = filter.createdFrom !== undefined || filter.createdBefore !== undefined;
  const countBy =
    filter.group !== undefined
      ? countByGroup
      : filter.finished !== undefined
        ? countFinished
        : hasTags && filter.tenant !== null
          ? countByTag
          : hasTags || isTimed
            ? countByRow
            : countBySum;
  const text = countBy(plan, s, filter);
  const rows = await repeated(() => session.runText(text, plan.values));
  return rows.map(([tenant, type, state, count]) => ({
    tenant: givenText(tenant as string),
    type: givenText(type as string),
    state: state as StoredState,
    count: count as number,
  }));
}

function countByTag(plan: Draft, s: string, filter: CountFilter): string {
  return counted(plan, filter, `SELECT j.tenant, j.type, r.state ${jobsByTag(plan, s, filter)}`);
}

function countByGroup(plan: Draft, s: string, filter: CountFilter): string {
  return counted(plan, filter, `SELECT j.tenant, j.type, r.state ${jobsByGroup(plan, s, filter)}`);
}

function tenantCondition(plan: Draft, { tenant }: CountFilter, alias: string): string {
  return tenant === null ? '' : `AND ${alias}.tenant = ${plan.add(storedText(tenant), 'text')}`;
}

function countBySum(plan: Draft, s: string, filter: CountFilter): string {
  return `SELECT j.tenant, j.type, j.state, sum(j.jobs)::bigint
    FROM (SELECT * FROM ${countRowsOf(s)}) j
    WHERE j.state = ANY (${plan.add(textArray(statesOf(filter)), 'text[]')})
      ${tenantCondition(plan, filter, 'j')} ${typeCondition(plan, filter)}
    GROUP BY j.tenant, j.type, j.state HAVING sum(j.jobs) > 0`;
}

/** Looks at every job of the wanted rooms. */
function countByRow(plan: Draft, s: string, filter: CountFilter): string {
  const states = statesOf(filter);
  const tags = tagConditions(plan, s, Object.entries(filter.tags ?? {}));
  const where = `${conditions(plan, filter)} ${tenantCondition(plan, filter, 'j')} ${typeCondition(plan, filter)}${tags}`;
  const parts = states.flatMap((state) =>
    isFinal(state) ? [] : [`SELECT j.tenant, j.type, '${state}' AS state FROM ${s}.${state} j WHERE ${where}`],
  );
  const finals = states.filter(isFinal).map((state) => `'${state}'`);
  if (finals.length > 0) {
    parts.push(
      `SELECT j.tenant, j.type, j.state FROM ${s}.finished j WHERE j.state IN (${finals.join(', ')}) AND ${where}`,
    );
  }
  return counted(plan, filter, parts.join(' UNION ALL '));
}

/** As the list: along the end of each type and state, or along the error or the first tag. */
function countFinished(plan: Draft, s: string, filter: CountFilter): string {
  const wanted: FinishedCount = { finished: {}, ...filter };
  const { tenant, createdFrom, createdBefore, tags = {} } = filter;
  const states = plan.add(textArray(statesOf(filter).filter(isFinal)), 'text[]');
  // Left out where it says nothing: the index by end does not have it.
  const created = (createdFrom ?? createdBefore) === undefined ? '' : `AND ${conditions(plan, filter)}`;
  const room = `SELECT j.tenant, j.type, j.state FROM ${s}.finished j WHERE j.${FOR_LISTS} AND ${endedWithin(plan, wanted)} ${created}`;
  const pairs = Object.entries(tags);
  if (tenant === null || pairs.length > 0 || wanted.finished.errorCode !== undefined) {
    const tagged = pairs.length === 0 ? '' : `AND j.number IN (${firstTagged(plan, s, filter)})`;
    const own = `${tenantCondition(plan, filter, 'j')} ${typeCondition(plan, filter)}`;
    const text = `${room} AND j.state = ANY (${states}) ${errorCondition(plan, wanted.finished.errorCode)} ${own} ${tagged}`;
    return counted(plan, filter, `${text}${tagConditions(plan, s, pairs)}`);
  }
  const text = `SELECT n.tenant, n.type, n.state FROM (${kindsOf(plan, `${s}.finished`, filter)}) k
    CROSS JOIN unnest(${states}) AS w(state) CROSS JOIN LATERAL (
      ${room} AND j.tenant = k.tenant AND j.type = k.type AND j.state = w.state) n`;
  return counted(plan, filter, text);
}

/** Counts the rows of tenant, type and state, up to the bound. */
function counted(plan: Draft, { max }: CountFilter, rows: string): string {
  const bound = max === undefined ? '' : `LIMIT ${plan.add(max, 'bigint')}`;
  return `SELECT tenant, type, state, count(*) FROM (${rows} ${bound}) j GROUP BY tenant, type, state`;
}

export async function jobUsage(session: Session, tenant: string): Promise<JobUsage> {
  const [row] = await repeated(() => session.run('jobUsage', [storedText(tenant)]));
  return { jobs: Number(row?.[0]), bytes: Number(row?.[1]) };
}
