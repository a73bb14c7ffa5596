/**
 * New jobs with unique keys: see core/unique.ts. Decided on the newest job with the key as it is read, and written only where that still is the newest,
 * or waits as it did: else it is read again. Within a batch the jobs of a key come one after another; replacements that follow each other are written
 * once, as the last of them says.
 */
import { BideError } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import type { Amendment, NewJob } from '../contract.ts';
import { amendedBy, beforeOf, holderAmong, stepOf } from '../unique-keys.ts';
import { amendJobs } from './amend-jobs.ts';
import { repeated } from './connection/repeat.ts';
import type { Session, Step } from './connection/session.ts';
import { comeSteps } from './limits.ts';
import { linkStepsOf, missingParents } from './links.ts';
import { findEarlier, insertParts, newJobValues, noneIfOurs, type Outcomes, sequencedOf } from './new-jobs.ts';
import { readJobs } from './read-jobs.ts';
import { jobAt } from './rows.ts';
import { runSequenced } from './sequences.ts';
import { plainArray, textArray } from './wire-text.ts';

/** Rounds in which nothing is settled, each overtaken by others: with a dozen processes on one key two are rare. */
const FRUITLESS_MAX = 16;

interface Holder {
  readonly job: Job;
  /** Of the newest job with the key, which the insert looks at once more. */
  readonly newest: number;
}

/** What is to be written for a key. */
type Plan =
  | { readonly kind: 'insert'; readonly index: number; readonly holder: number }
  | { readonly kind: 'replace'; readonly indexes: number[]; amendment: Amendment };

export async function insertUnique(
  session: Session,
  batch: readonly NewJob[],
  indexes: readonly number[],
  outcomes: Outcomes,
): Promise<void> {
  let left = indexes;
  for (let fruitless = 0; left.length > 0; ) {
    const before = left.length;
    left = await round(session, batch, left, outcomes);
    fruitless = left.length === before ? fruitless + 1 : 0;
    if (fruitless > FRUITLESS_MAX) throw new BideError('OVERLOADED', 'Jobs with the same unique keys come and go.');
  }
}

/** Fills in outcomes, and returns what is left for the next round. */
async function round(
  session: Session,
  batch: readonly NewJob[],
  indexes: readonly number[],
  outcomes: Outcomes,
): Promise<readonly number[]> {
  const groups = groupsOf(batch, indexes);
  // Before the keys are looked up: a job that came between the two with this very key is a replay, not a job in the way.
  const holders = await readHolders(session, batch, groups);
  await repeated(() => findEarlier(session, batch, indexes, outcomes));
  for (const index of indexes) if (batch[index]?.isReplay === true) outcomes[index] ??= { kind: 'absent' };
  const plans = groups.flatMap(
    (group, at) => planOf(batch, isLeft(group, outcomes), holders[at] ?? null, outcomes) ?? [],
  );
  await insertPlanned(session, batch, plans, outcomes);
  await replacePlanned(session, plans, outcomes);
  return isLeft(indexes, outcomes);
}

function isLeft(indexes: readonly number[], outcomes: Outcomes): readonly number[] {
  return indexes.filter((index) => outcomes[index] === undefined);
}

/** By tenant, type and key, each in the order of the batch; the keys in an order of their own, as they are locked. */
function groupsOf(batch: readonly NewJob[], indexes: readonly number[]): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>();
  for (const index of indexes) {
    const key = JSON.stringify(keyOf(batch[index] as NewJob));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [index]);
    else group.push(index);
  }
  return [...groups.values()];
}

function keyOf({ spec: { tenant, type, terms } }: NewJob): readonly [tenant: string, type: string, key: string] {
  return [tenant, type, terms?.unique?.key ?? ''];
}

function keyArrays(jobs: readonly NewJob[]): readonly string[] {
  const keys = jobs.map(keyOf);
  return ([0, 1, 2] as const).map((place) => textArray(keys.map((key) => key[place])));
}

async function readHolders(
  session: Session,
  batch: readonly NewJob[],
  groups: readonly (readonly number[])[],
): Promise<readonly (Holder | null)[]> {
  const holders = new Array<Holder | null>(groups.length).fill(null);
  if (groups.length === 0) return holders;
  const firsts = groups.map(([index]) => batch[index as number] as NewJob);
  const rows = await repeated(() => session.run('jobUniqueHolder', keyArrays(firsts)));
  const newest = rows.map((row) => ({ at: (row[0] as number) - 1, job: jobAt(row, 1) }));
  const before = await readBefore(
    session,
    newest.map(({ job }) => job),
  );
  for (const { at, job } of newest)
    holders[at] = { job: holderAmong(job, before.get(job) ?? null), newest: job.number };
  return holders;
}

/** The jobs that may hold keys in place of the newest ones. Reads nothing where these say it themselves, as nearly all do. */
async function readBefore(session: Session, newest: readonly Job[]): Promise<ReadonlyMap<Job, Job>> {
  const asked = newest.flatMap((job) => {
    const id = beforeOf(job);
    return id === null ? [] : [{ job, id }];
  });
  if (asked.length === 0) return new Map();
  const reads = await readJobs(
    session,
    asked.map(({ id }) => ({ id })),
  );
  return new Map(
    asked.flatMap(({ job }, index) => {
      const read = reads[index];
      return read?.kind === 'found' ? [[job, read.job] as const] : [];
    }),
  );
}

/** Says what is held at once, up to the first job that something has to be written for; replacements go on while they follow each other. */
function planOf(
  batch: readonly NewJob[],
  group: readonly number[],
  held: Holder | null,
  outcomes: Outcomes,
): Plan | null {
  const holder = held?.job ?? null;
  let plan: Extract<Plan, { kind: 'replace' }> | null = null;
  for (const index of group) {
    const { spec, input } = batch[index] as NewJob;
    const step = stepOf(spec, holder);
    if (holder !== null && step.kind === 'replace') {
      const { id, revision } = holder;
      const amendment = { id, revision, terms: amendedBy(spec, step.runAt), input, now: spec.createdAt };
      if (plan === null) plan = { kind: 'replace', indexes: [index], amendment };
      else {
        plan.indexes.push(index);
        plan.amendment = amendment;
      }
      continue;
    }
    if (plan !== null) return plan;
    if (holder === null || step.kind === 'take') return { kind: 'insert', index, holder: held?.newest ?? 0 };
    outcomes[index] = { kind: 'held', job: holder };
  }
  return plan;
}

async function insertPlanned(
  session: Session,
  batch: readonly NewJob[],
  plans: readonly Plan[],
  outcomes: Outcomes,
): Promise<void> {
  const wanted = plans.filter((plan) => plan.kind === 'insert');
  const missing = await missingParents(
    session,
    wanted.map(({ index }) => batch[index] as NewJob),
  );
  const inserts = wanted.filter(({ index }) => {
    const parent = missing.get(batch[index]?.spec.id ?? '');
    if (parent !== undefined) outcomes[index] = { kind: 'noParent', id: parent };
    return parent === undefined;
  });
  if (inserts.length === 0) return;
  const jobs = inserts.map(({ index }) => batch[index] as NewJob);
  const { before, after } = linkStepsOf(jobs.map(({ spec }) => spec));
  const holderOf = new Map(inserts.map(({ index, holder }) => [batch[index] as NewJob, holder]));
  const steps: Step[] = [uniqueLock(jobs), ...before];
  for (const part of insertParts(jobs)) {
    const holders = plainArray(part.map((job) => holderOf.get(job) ?? 0));
    steps.push({ name: 'jobInsertUnique', values: [...newJobValues(part), holders] });
  }
  const end = steps.length;
  steps.push(...comeSteps(jobs));
  const sequenced = sequencedOf(jobs.map(({ spec }) => spec));
  const results = await repeated((isRepeat) =>
    runSequenced(session, [...steps, ...after], sequenced).catch((error) => noneIfOurs(error, isRepeat)),
  );
  const indexOf = new Map(inserts.map(({ index }) => [batch[index]?.spec.id, index]));
  for (const [id, number] of results.slice(1 + before.length, end).flat()) {
    outcomes[indexOf.get(id as string) as number] = { kind: 'created', number: number as number };
  }
}

/** Of jobs that go in together with something else: which take their key, one of a key, and the number of the holder that this was decided on. */
export async function takersOf(session: Session, jobs: readonly NewJob[]): Promise<ReadonlyMap<NewJob, number>> {
  const groups = groupsOf(jobs, uniqueOf(jobs));
  const holders = await readHolders(session, jobs, groups);
  const takers = groups.flatMap((group, at) => {
    const holder = holders[at] ?? null;
    const taker = group.find((index) => stepOf((jobs[index] as NewJob).spec, holder?.job ?? null).kind === 'take');
    return taker === undefined ? [] : [[jobs[taker] as NewJob, holder?.newest ?? 0] as const];
  });
  return new Map(takers);
}

/** Of those that were not stored the jobs that hold their keys now. */
export async function findHolders(
  session: Session,
  jobs: readonly NewJob[],
  indexes: readonly number[],
  outcomes: Outcomes,
): Promise<void> {
  const groups = groupsOf(jobs, indexes);
  const holders = await readHolders(session, jobs, groups);
  for (const [at, group] of groups.entries()) {
    const job = holders[at]?.job ?? null;
    if (job !== null) for (const index of group) outcomes[index] = { kind: 'held', job };
  }
}

export const uniqueOf = (jobs: readonly NewJob[]): readonly number[] =>
  jobs.flatMap(({ spec }, index) => (spec.terms?.unique === undefined ? [] : [index]));

/** Under this lock the holders of their keys stay who they are. */
export const uniqueLock = (jobs: readonly NewJob[]): Step => ({ name: 'uniqueLock', values: keyArrays(jobs) });

async function replacePlanned(session: Session, plans: readonly Plan[], outcomes: Outcomes): Promise<void> {
  const replaces = plans.filter((plan) => plan.kind === 'replace');
  if (replaces.length === 0) return;
  const amended = await amendJobs(
    session,
    replaces.map(({ amendment }) => amendment),
  );
  for (const [at, outcome] of amended.entries()) {
    if (outcome.kind !== 'amended') continue;
    for (const index of replaces[at]?.indexes ?? []) outcomes[index] = { kind: 'replaced', job: outcome.job };
  }
}
