/** Deliveries as lists show them, pending and settled ones as one. */
import { jobIdOf } from '../../core/id.ts';
import type { DeliveryFilter, DeliveryRecord, DeliveryState, WholeDelivery } from '../contract.ts';
import type { Row } from './connection/lane.ts';
import { repeated } from './connection/repeat.ts';
import type { Session } from './connection/session.ts';
import { endpointOf, triesOf } from './deliveries.ts';
import { jsonOf } from './rows.ts';
import { LOGGED_ROW, PENDING_ROW } from './statements/delivery-statements.ts';
import { givenText, storedText } from './wire-text.ts';

/** Each table is read by the index of its narrowest condition, newest first, up to the limit; what both have is merged. */
export async function listDeliveries(
  session: Session,
  s: string,
  filter: DeliveryFilter,
): Promise<readonly DeliveryRecord[]> {
  const { tenant, endpointId, jobId, states, after, limit } = filter;
  const values: unknown[] = [Math.max(0, limit), storedText(tenant)];
  const conditions = ['tenant = $2'];
  const where = (condition: string, value: unknown) => {
    values.push(value);
    conditions.push(`${condition} $${values.length}`);
  };
  if (endpointId !== undefined) where('endpoint_id =', storedText(endpointId));
  if (jobId !== undefined) {
    if (jobIdOf(jobId) !== jobId) return [];
    where('job_id =', jobId);
  }
  if (after !== undefined) where('number <', after);
  const arm = (row: string, table: string, more: string) =>
    `(SELECT ${row} FROM ${s}.${table} WHERE ${conditions.join(' AND ')}${more} ORDER BY number DESC LIMIT $1::bigint)`;
  const settled = (['delivered', 'failed'] as const).filter((state) => states?.includes(state) ?? true);
  const arms = [
    ...((states?.includes('pending') ?? true) ? [arm(PENDING_ROW, 'deliveries', '')] : []),
    ...(settled.length === 0
      ? []
      : [arm(LOGGED_ROW, 'delivery_log', ` AND state IN (${settled.map((state) => `'${state}'`).join(', ')})`)]),
  ];
  if (arms.length === 0) return [];
  const text = `SELECT * FROM (${arms.join(' UNION ALL ')}) d ORDER BY number DESC LIMIT $1::bigint`;
  return (await repeated(() => session.runText(text, values))).map(recordOf);
}

export async function readDelivery(
  session: Session,
  { tenant, number }: { readonly tenant: string; readonly number: number },
): Promise<WholeDelivery | null> {
  const [row] = await repeated(() => session.run('deliveryRead', [storedText(tenant), number]));
  if (row === undefined) return null;
  const [headers, body] = row.slice(-2) as [string, string];
  return { ...recordOf(row), headers: jsonOf<Record<string, string>>(headers) ?? {}, body: givenText(body) };
}

function recordOf(row: Row): DeliveryRecord {
  const [number, tenant, jobId, revision, event, endpoint, url, at, attempt, state, dueAt, keepUntil, tries] = row;
  return {
    number: number as number,
    tenant: givenText(tenant as string),
    jobId: jobId as string | null,
    revision: revision as number,
    event: givenText(event as string),
    endpointId: endpointOf(endpoint),
    url: givenText(url as string),
    at: at as number,
    attempt: attempt as number,
    state: state as DeliveryState,
    dueAt: dueAt as number | null,
    keepUntil: keepUntil as number | null,
    tries: triesOf(tries),
  };
}
