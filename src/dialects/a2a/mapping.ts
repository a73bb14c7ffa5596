/** Between Bide and A2A, purely: states, contexts, what is said of a state. Total: any job, any origin. */
import { createHash } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Job, Json } from '../../core/job.ts';
import { isParked } from '../../core/signals.ts';
import { isFinal, type ShownState, shownState } from '../../core/state.ts';
import { originReader } from '../origin-reader.ts';
import type { TaskState } from './wire.ts';

export const DIALECT = 'a2a';
/** The tag that holds the context of a task: by it the tasks of a context are found. */
export const CONTEXT_TAG = 'a2a-context';

export const WORDS: Readonly<Record<ShownState, TaskState>> = {
  scheduled: 'TASK_STATE_SUBMITTED',
  queued: 'TASK_STATE_SUBMITTED',
  // It has been working before, and a client that saw so must not see it go back.
  retrying: 'TASK_STATE_WORKING',
  running: 'TASK_STATE_WORKING',
  succeeded: 'TASK_STATE_COMPLETED',
  failed: 'TASK_STATE_FAILED',
  cancelled: 'TASK_STATE_CANCELED',
  expired: 'TASK_STATE_FAILED',
};
export const PARKED_WORD: TaskState = 'TASK_STATE_INPUT_REQUIRED';

export function stateOf(job: Job, now: number): TaskState {
  if (isParked(job)) return PARKED_WORD;
  const shown = shownState(job, now);
  // A job that was told what it waited for is queued once more, and has begun long since.
  return job.state === 'waiting' && job.fence > 0 ? 'TASK_STATE_WORKING' : WORDS[shown];
}

const Version = Type.Union([Type.Literal('1.0'), Type.Literal('0.3')]);
const MaybeText = Type.Union([Type.String(), Type.Null()]);
const Push = Type.Object({ id: Type.String(), token: MaybeText, scheme: MaybeText, credentials: MaybeText });

/** What this dialect remembers of the request that made a job. */
const Remembered = Type.Object({ version: Version, push: Type.Union([Type.Null(), Push]) });
export type Remembered = Readonly<Static<typeof Remembered>>;

export const remembered = originReader(DIALECT, Remembered);

/** What goes with a push notification config that a task was given since. A type, since it is kept as JSON. */
const Pushed = Type.Object({ version: Version, push: Push });
export type Pushed = Static<typeof Pushed>;
const pushedForm = Compile(Pushed);

export function pushedIn(data: Json): Pushed | null {
  return pushedForm.Check(data) ? (data as Pushed) : null;
}

/** A job that came another way is a context of its own. */
export function contextOf({ id, tags }: Pick<Job, 'id' | 'tags'>): string {
  return tags[CONTEXT_TAG] ?? id;
}

/** The context of a message that names none: the same whenever it is sent again, so that it is the same request. */
export function newContext(tenant: string, messageId: string): string {
  const hex = createHash('sha256').update(`${tenant}\n${messageId}`).digest('hex');
  // A UUID of version 8, which leaves its making to whoever makes it.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** When the job came into its state, as far as that is known. */
export function statusAt({ state, createdAt, startedAt, finishedAt, attempts }: Job): number {
  if (finishedAt !== null) return finishedAt;
  if (state === 'running') return startedAt ?? createdAt;
  return attempts.at(-1)?.endedAt ?? startedAt ?? createdAt;
}

/** What the agent says of the state; null where the state says it all. */
export function statusText(job: Job): string | null {
  if (isParked(job)) return `Waits for ${job.marks?.signal?.name ?? 'input'}: send a message with this taskId.`;
  if (!isFinal(job.state)) return job.progress.message;
  if (job.state === 'failed') return job.error?.message || 'The task failed.';
  if (job.state === 'expired') return job.error?.message || 'The task was not done in time.';
  return null;
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
