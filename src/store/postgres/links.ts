/** Jobs that come after others: see `contract-links.ts`, and `link-statements.ts` for what keeps them from being forgotten. */
import { jobIdOf } from '../../core/id.ts';
import type { Job, JobSpec } from '../../core/job.ts';
import { FINAL_STATES } from '../../core/state.ts';
import type { LinkStore, NewJob, OpenLink } from '../contract.ts';
import { isHeld } from '../mark-text.ts';
import { driverCodeOf } from './connection/driver-errors.ts';
import { repeated } from './connection/repeat.ts';
import type { Session, Step } from './connection/session.ts';
import { keysOfJobs, settleAfter } from './limits.ts';
import { readJobs } from './read-jobs.ts';
import { textColumn } from './rows.ts';
import { plainArray, textArray } from './wire-text.ts';

type Child = Pick<Job, 'id' | 'tenant' | 'terms'>;

/** What goes before the insert of jobs and what goes after it, in its transaction; null where none of them comes after others. */
export interface LinkSteps {
  readonly before: readonly Step[];
  readonly after: readonly Step[];
}

export function linkStepsOf(specs: readonly Child[], name: 'linkInsert' | 'linkJoin' = 'linkInsert'): LinkSteps {
  const values = linkValues(specs);
  if (values === null) return NO_STEPS;
  const parents = [...new Set(specs.flatMap(({ terms }) => terms?.after?.ids ?? []))].sort();
  return { before: [{ name: 'parentHold', values: [plainArray(parents)] }], after: [{ name, values }] };
}

const NO_STEPS: LinkSteps = Object.freeze({ before: [], after: [] });

/** By parent: the order in which all hold them. */
export function linkValues(specs: readonly Child[]): readonly unknown[] | null {
  const links = specs.flatMap(({ id, terms }) =>
    (terms?.after?.ids ?? []).map((parent) => ({ id, parent, policy: terms?.after?.policy ?? '' })),
  );
  if (links.length === 0) return null;
  links.sort((a, b) => (a.parent < b.parent ? -1 : 1));
  return [
    plainArray(links.map(({ id }) => id)),
    plainArray(links.map(({ parent }) => parent)),
    textColumn(links.map(({ policy }) => policy)),
  ];
}

/** A parent was on its way when it was to be held, or has been removed since it was looked for: see \`linkInsert\`. */
export function isParentMoved(error: unknown): boolean {
  return driverCodeOf(error) === '23502';
}

/** For each job that names a parent which is not there, the first one, by the job's id. */
export async function missingParents(session: Session, jobs: readonly NewJob[]): Promise<ReadonlyMap<string, string>> {
  const asked = jobs.flatMap(({ spec }) => (spec.terms?.after?.ids ?? []).map((parent) => ({ spec, parent })));
  if (asked.length === 0) return NONE_MISSING;
  const real = asked.filter(({ parent }) => jobIdOf(parent) === parent);
  const rows = await repeated(() =>
    session.run('parentFind', [
      plainArray(real.map(({ parent }) => parent)),
      textArray(real.map(({ spec }) => spec.tenant)),
    ]),
  );
  const there = new Set(rows.map(([ord]) => keyOf(real[(ord as number) - 1] as (typeof real)[number])));
  const missing = new Map<string, string>();
  for (const one of asked) {
    if (!there.has(keyOf(one)) && !missing.has(one.spec.id)) missing.set(one.spec.id, one.parent);
  }
  return missing;
}

const NONE_MISSING: ReadonlyMap<string, string> = new Map();

function keyOf({ spec, parent }: { readonly spec: JobSpec; readonly parent: string }): string {
  return `${parent} ${spec.tenant}`;
}

export function linkCalls(session: Session): LinkStore {
  return {
    async linkRead({ parents, limit }) {
      const rows = await repeated(() => session.run('linkRead', [plainArray(parents), limit]));
      return rows.map(([parent, child, childId, policy]) => ({ parent, child, childId, policy }) as OpenLink);
    },
    async linkClose({ links, now }) {
      if (links.length === 0) return [];
      const close: Step = {
        name: 'linkClose',
        values: [plainArray(links.map(({ child }) => child)), plainArray(links.map(({ parent }) => parent))],
      };
      return freed(session, [...new Set(links.map(({ childId }) => childId))], { steps: [close], now });
    },
    async linkJoin({ children, now }) {
      const reads = await readJobs(
        session,
        children.map((number) => ({ number })),
      );
      const jobs = reads.flatMap((read) => (read.kind === 'found' && awaits(read.job) ? [read.job] : []));
      if (jobs.length === 0) return [];
      const ids = jobs.map(({ id }) => id);
      for (let tries = 1; ; tries += 1) {
        try {
          const { before, after } = linkStepsOf(jobs, 'linkJoin');
          const looked: Step = { name: 'linkLooked', values: [plainArray(jobs.map(({ number }) => number))] };
          return await freed(session, ids, { steps: [...before, ...after, looked], now });
        } catch (error) {
          if (!isParentMoved(error) || tries >= TRIES_MAX) throw error;
        }
      }
    },
    async linkChildren({ parent, after, limit }) {
      const rows = await repeated(() => session.run('linkChildren', [parent, after, limit]));
      return rows.map(([child]) => child as number);
    },
  };
}

/** Each can only miss a parent that somebody moved during it. */
export const TRIES_MAX = 8;

function awaits({ state, marks }: Job): boolean {
  return state === 'waiting' && isHeld(JSON.stringify(marks));
}

/** The steps, and then those of these children that are free. */
async function freed(
  session: Session,
  children: readonly string[],
  { steps, now }: { readonly steps: readonly Step[]; readonly now: number },
): Promise<readonly Job[]> {
  const ids = plainArray(children.toSorted());
  const results = await repeated(() =>
    session.runAll([
      { name: 'linkHold', values: [ids] },
      ...steps,
      { name: 'linkFree', values: [ids, now] },
      // Those under a limit may be given a ticket from now on.
      { name: 'limitComeBack', values: [ids, now] },
    ]),
  );
  const numbers = (results.at(-2) ?? []).map(([number]) => ({ number: number as number }));
  const reads = await readJobs(session, numbers);
  const jobs = reads.flatMap((read) => (read.kind === 'found' && !FINALS.has(read.job.state) ? [read.job] : []));
  await settleAfter(session, keysOfJobs(jobs), now);
  return jobs;
}

const FINALS: ReadonlySet<string> = new Set(FINAL_STATES);
