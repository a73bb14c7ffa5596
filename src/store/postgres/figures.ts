/** Figures by the minute, and who works. Every write may be done twice with the same outcome. */
import type { Json } from '../../core/job.ts';
import type { ErrorCount, StatFilter, StatRow, StatSum, WorkerFilter, WorkerLoad, WorkerRow } from '../contract.ts';
import { errorCountsOf, errorsText, FIGURE_COLUMNS, figureValues, lastOfEach, statSumOf } from '../stat-row.ts';
import { repeated } from './connection/repeat.ts';
import { partsOf, type Session } from './connection/session.ts';
import { jsonOf } from './rows.ts';
import { givenText, plainArray, storedText, textArray } from './wire-text.ts';

const ROWS_AT_ONCE = 1_000;

export async function writeStats(session: Session, batch: readonly StatRow[]): Promise<void> {
  for (const part of partsOf(lastOfEach(batch), () => 1, ROWS_AT_ONCE))
    await repeated(() => session.run('statPut', statArrays(part), 'long'));
}

function statArrays(rows: readonly StatRow[]): readonly string[] {
  const figures = rows.map((row) => figureValues(row.figures));
  return [
    textArray(rows.map(({ tenant }) => tenant)),
    textArray(rows.map(({ type }) => type)),
    plainArray(rows.map(({ minute }) => minute)),
    textArray(rows.map(({ node }) => node)),
    textArray(rows.map(errorsText)),
    ...FIGURE_COLUMNS.map((_, at) => plainArray(figures.map((values) => values[at] ?? 0))),
  ];
}

export async function readStats(session: Session, filter: StatFilter): Promise<readonly StatSum[]> {
  const { tenant, type, from, before, stepMs } = filter;
  const values = [storedText(tenant), from, before, stepMs, type === undefined ? null : storedText(type)];
  return (await repeated(() => session.run('statRead', values, 'long'))).map((row) => statSumOf(row, givenText));
}

export async function statErrors(
  session: Session,
  { tenant, from }: { readonly tenant: string; readonly from: number },
): Promise<readonly ErrorCount[]> {
  const rows = await repeated(() => session.run('statErrors', [storedText(tenant), from], 'long'));
  return errorCountsOf(
    rows.map(([type, errors, times]) => [givenText(type as string), givenText(errors as string), Number(times)]),
  );
}

export async function dropStats(
  session: Session,
  { before, limit }: { readonly before: number; readonly limit: number },
): Promise<number> {
  const [row] = await repeated(() => session.run('statDrop', [before, limit], 'long'));
  return Number(row?.[0]);
}

export async function writeWorkers(session: Session, batch: readonly WorkerRow[]): Promise<void> {
  const last = new Map(batch.map((row) => [JSON.stringify([row.tenant, row.name]), row]));
  const rows = [...last].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  if (rows.length === 0) return;
  const values = [
    textArray(rows.map(({ tenant }) => tenant)),
    textArray(rows.map(({ name }) => name)),
    plainArray(rows.map(({ seenAt }) => seenAt)),
    textArray(rows.map(({ facts }) => JSON.stringify(facts))),
  ];
  await repeated(() => session.run('workerPut', values));
}

export async function listWorkers(session: Session, filter: WorkerFilter): Promise<readonly WorkerRow[]> {
  const { tenants, since, limit } = filter;
  const rows = await repeated(() => session.run('workerList', [textArray(tenants), since, limit]));
  return rows.map(([tenant, name, seenAt, facts]) => ({
    tenant: givenText(tenant as string),
    name: givenText(name as string),
    seenAt: seenAt as number,
    facts: jsonOf<Json>(facts as string),
  }));
}

export async function removeWorker(session: Session, ref: Pick<WorkerRow, 'tenant' | 'name'>): Promise<void> {
  await repeated(() => session.run('workerRemove', [storedText(ref.tenant), storedText(ref.name)]));
}

export async function dropWorkers(session: Session, before: number): Promise<void> {
  await repeated(() => session.run('workerDrop', [before]));
}

export async function workerLoads(session: Session, tenant: string | null): Promise<readonly WorkerLoad[]> {
  const values = [tenant === null ? null : storedText(tenant)];
  const rows = await repeated(() => session.run('workerLoads', values, 'long'));
  return rows.map(([owner, worker, running]) => ({
    tenant: givenText(owner as string),
    worker: givenText(worker as string),
    running: Number(running),
  }));
}
