/** Submits of the model: what one says becomes a new job, among those that there are. */
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { JobSpec } from '../../src/core/job.ts';
import type { Terms } from '../../src/core/terms.ts';
import type { InsertOutcome, NewJob } from '../../src/store/contract.ts';
import type { Submit } from './commands.ts';
import { KEY_LIMITS } from './limit-oracle.ts';
import { type Play, pickOf, takeId, UNKNOWN } from './play.ts';

/** What is not promised: whether a replay finds a job that comes after it in its batch, and what several of one unique key do to each other. */
export async function insert(play: Play, submits: readonly Submit[]): Promise<void> {
  const seen = new Set<string>();
  const ordered = submits
    .toSorted((a, b) => placeOf(a) - placeOf(b))
    .filter(({ tenant, type, unique }) => {
      const name = `${tenant} ${type} ${unique?.key}`;
      if (unique === null || !seen.has(name)) return seen.add(name);
      return false;
    });
  const batch = ordered.map((submit) => newJob(play, submit, ordered.length === 1));
  const answers = await play.store.insert(batch);
  const expected = play.oracle.insert(batch, answers);
  assert.deepEqual(
    answers,
    expected.map((outcome, index) => (isLaterView(play, outcome, answers[index]) ? answers[index] : outcome)),
  );
}

/** A job that was there is shown as it is before its batch or after it: a child of the same batch marks its parent. */
function isLaterView({ oracle }: Play, expected: InsertOutcome, answer: InsertOutcome | undefined): boolean {
  if (answer === undefined || !('job' in expected) || !('job' in answer) || answer.kind !== expected.kind) return false;
  return isDeepStrictEqual(
    answer.job,
    oracle.jobs().find(({ id }) => id === expected.job.id),
  );
}

function placeOf({ isReplay, unique }: Submit): number {
  return Number(isReplay) + (unique === null ? 0 : 2);
}

function newJob(play: Play, submit: Submit, isAlone: boolean): NewJob {
  const id = takeId(play);
  const { tenant, type, priority, idempotencyKey, requestHash, sequenceKey, timeoutMs, deadlineMs, retainMs } = submit;
  const { unique } = submit;
  const spec: JobSpec = {
    ...{ id, tenant, type, priority, requestHash, sequenceKey, timeoutMs, deadlineMs, retainMs },
    idempotencyKey: unique === null || isAlone ? idempotencyKey : null,
    runAt: play.now + (unique?.mode === 'debounce' ? (unique.forMs ?? 0) : submit.delayMs),
    tags: submit.tag === null ? {} : { tag: submit.tag },
    retry: { attempts: submit.attempts, backoffMs: 4, factor: 2, maxMs: 10 },
    createdAt: play.now,
    callbackUrl: submit.hasCallback ? 'http://127.0.0.1:1/hook' : null,
    origin: submit.hasCallback ? { dialect: 'native', data: { id } } : null,
    terms: termsOf(play, submit),
  };
  return { spec, input: JSON.stringify(id), isReplay: submit.isReplay };
}

function termsOf(play: Play, { tenant, after, limit, unique }: Submit): Terms | null {
  const key = limit === null ? undefined : KEY_LIMITS[limit];
  const ids = after === null ? [] : parentsOf(play, tenant, after);
  const terms: Terms = {
    ...(key === undefined ? {} : { limit: key }),
    ...(after === null || ids.length === 0 ? {} : { after: { ids, policy: after.policy } }),
    ...(unique === null ? {} : { unique }),
  };
  return Object.keys(terms).length === 0 ? null : terms;
}

/** Jobs that there are, each once: now and then one of another tenant, which is none for this one. */
function parentsOf(
  { oracle }: Play,
  tenant: string,
  { picks, isOneUnknown }: Exclude<Submit['after'], null>,
): readonly string[] {
  const jobs = isOneUnknown ? oracle.jobs() : oracle.jobs().filter((job) => job.tenant === tenant);
  const ids = picks.flatMap((pick) => pickOf(jobs, pick)?.id ?? []);
  return [...new Set(isOneUnknown ? [...ids, UNKNOWN] : ids)];
}
