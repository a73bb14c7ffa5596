/** Jobs, tombstones, results and inputs by reference, each batch in one statement. */
import { jobIdOf } from '../../core/id.ts';
import type { JobRef, ReadOutcome, ResultContent, ResultRef } from '../contract.ts';
import { repeated } from './connection/repeat.ts';
import type { Session } from './connection/session.ts';
import { jobAt } from './rows.ts';
import { givenText, plainArray } from './wire-text.ts';

interface By {
  readonly jobs: 'jobById' | 'jobByNumber';
  readonly tombstones: 'tombstoneById' | 'tombstoneByNumber';
}

interface Wanted {
  readonly index: number;
  readonly ref: string | number;
}

export async function readJobs(session: Session, batch: readonly JobRef[]): Promise<readonly ReadOutcome[]> {
  const outcomes = new Array<ReadOutcome>(batch.length).fill({ kind: 'missing' });
  const ids: Wanted[] = [];
  const numbers: Wanted[] = [];
  for (const [index, ref] of batch.entries()) {
    if ('id' in ref) {
      if (jobIdOf(ref.id) === ref.id) ids.push({ index, ref: ref.id });
    } else if (Number.isSafeInteger(ref.number)) numbers.push({ index, ref: ref.number });
  }
  await Promise.all([
    readBy(session, { jobs: 'jobById', tombstones: 'tombstoneById' }, ids, outcomes),
    readBy(session, { jobs: 'jobByNumber', tombstones: 'tombstoneByNumber' }, numbers, outcomes),
  ]);
  return outcomes;
}

/** Jobs first, tombstones after: a job removed in between is found in its grave, never nowhere. */
async function readBy(
  session: Session,
  { jobs, tombstones }: By,
  wanted: readonly Wanted[],
  outcomes: ReadOutcome[],
): Promise<void> {
  if (wanted.length === 0) return;
  const rows = await repeated(() => session.run(jobs, [plainArray(wanted.map(({ ref }) => ref))]));
  for (const row of rows) outcomes[placeIn(wanted, row[0])] = { kind: 'found', job: jobAt(row, 1) };
  const others = wanted.filter(({ index }) => outcomes[index]?.kind === 'missing');
  if (others.length === 0) return;
  const graves = await repeated(() => session.run(tombstones, [plainArray(others.map(({ ref }) => ref))]));
  for (const [ord, tenant, goneAt, goneUntil] of graves) {
    const ends = { goneAt: goneAt as number, goneUntil: goneUntil as number };
    outcomes[placeIn(others, ord)] = { kind: 'gone', tenant: givenText(tenant as string), ...ends };
  }
}

function placeIn(wanted: readonly Pick<Wanted, 'index'>[], ord: unknown): number {
  return (wanted[(ord as number) - 1] as Wanted).index;
}

export async function readResults(
  session: Session,
  batch: readonly ResultRef[],
): Promise<readonly (ResultContent | null)[]> {
  const contents = new Array<ResultContent | null>(batch.length).fill(null);
  const isWhole = batch.every(({ slice }) => slice === undefined);
  const rows = isWhole ? await readColumns(session, 'jobResult', batch) : await readSlices(session, batch);
  for (const [index, contentType, bytes] of rows) {
    contents[index as number] = { contentType: givenText(contentType as string), bytes: bytes as Uint8Array };
  }
  return contents;
}

/** More than any result has; a length beyond it would not fit the type that PostgreSQL counts bytes in. */
const WHOLE = { first: 0, length: 2 ** 30 };

async function readSlices(session: Session, batch: readonly ResultRef[]): Promise<readonly (readonly unknown[])[]> {
  const wanted = batch.map((ref, index) => ({ index, ref })).filter(({ ref: { id } }) => jobIdOf(id) === id);
  const slices = wanted.map(({ ref }) => ref.slice ?? WHOLE);
  if (wanted.length === 0) return [];
  const values = [
    plainArray(wanted.map(({ ref }) => ref.id)),
    plainArray(slices.map(({ first }) => Math.min(first, WHOLE.length))),
    plainArray(slices.map(({ length }) => Math.min(length, WHOLE.length))),
  ];
  const rows = await repeated(() => session.run('jobResultSlice', values));
  return rows.map(([ord, ...rest]) => [placeIn(wanted, ord), ...rest]);
}

export async function readInputs(
  session: Session,
  batch: readonly { readonly id: string }[],
): Promise<readonly (string | null)[]> {
  const inputs = new Array<string | null>(batch.length).fill(null);
  for (const [index, input] of await readColumns(session, 'jobInput', batch)) {
    inputs[index as number] = givenText(input as string);
  }
  return inputs;
}

/** Rows whose first column is the index in `batch`. */
async function readColumns(
  session: Session,
  name: 'jobResult' | 'jobInput',
  batch: readonly { readonly id: string }[],
): Promise<readonly (readonly unknown[])[]> {
  const wanted = batch.map(({ id }, index) => ({ index, ref: id })).filter(({ ref }) => jobIdOf(ref) === ref);
  if (wanted.length === 0) return [];
  const rows = await repeated(() => session.run(name, [plainArray(wanted.map(({ ref }) => ref))]));
  return rows.map(([ord, ...values]) => [placeIn(wanted, ord), ...values]);
}
