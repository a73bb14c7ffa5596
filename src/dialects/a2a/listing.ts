/**
 * Tasks page by page, newest first.
 *
 * Some of A2A's states are told apart by more than Bide's word for the job (one that waits for input is `scheduled`), and no index knows when
 * a status was entered. So a page looks at `LOOKS_MAX` pages of jobs at most and may have fewer tasks than were asked for, as the
 * specification lets it; its token leads on.
 */
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { fieldsOf } from '../../core/json-object.ts';
import type { ShownState } from '../../core/state.ts';
import type { ListRequest, Snapshot } from '../../engine/api.ts';
import type { Call } from './call.ts';
import { CONTEXT_TAG, stateOf, statusAt } from './mapping.ts';
import { type TaskView, viewOf } from './spelling.ts';
import { taskOf } from './tasks.ts';
import { PAGE_SIZE, PAGE_SIZE_MAX, TASK_STATES, type TaskState } from './wire.ts';

const LOOKS_MAX = 5;
/** A page ends with the task that fills it: a hundred results of megabytes would be one answer otherwise. */
const PAGE_BYTES_MAX = 4 * 1_024 * 1_024;

/** Jobs among which the tasks of a state are. */
const CANDIDATES: Readonly<Record<TaskState, readonly ShownState[]>> = {
  TASK_STATE_SUBMITTED: ['scheduled', 'queued'],
  TASK_STATE_WORKING: ['running', 'retrying', 'scheduled', 'queued'],
  TASK_STATE_COMPLETED: ['succeeded'],
  TASK_STATE_FAILED: ['failed', 'expired'],
  TASK_STATE_CANCELED: ['cancelled'],
  TASK_STATE_INPUT_REQUIRED: ['scheduled', 'queued', 'retrying'],
  TASK_STATE_REJECTED: [],
  TASK_STATE_AUTH_REQUIRED: [],
};

interface Wanted {
  readonly contextId: string | null;
  readonly status: TaskState | null;
  readonly pageSize: number;
  readonly pageToken: string | null;
  readonly after: number | null;
  readonly includesArtifacts: boolean;
}

export async function listTasks(call: Call, params: Json): Promise<object> {
  const wanted = wantedIn(params);
  const { engine, auth } = call.context;
  const { tenant } = call.principal;
  const filter = filterOf(call, wanted);
  const begin = wanted.pageToken === null ? null : await auth.numbers.open(tenant, wanted.pageToken);
  if (wanted.pageToken !== null && begin === null) throw invalid('pageToken is not one that this list gave out');
  const isNone = wanted.status !== null && CANDIDATES[wanted.status].length === 0;
  const { snapshots, next } = isNone ? { snapshots: [], next: null } : await pageOf(call, filter, wanted, begin);
  const { tasks, cutAt } = await tasksOf(call, snapshots, wanted.includesArtifacts);
  const nextNumber = cutAt ?? next;
  return {
    tasks: tasks.map((view) => call.spelling.task(view)),
    nextPageToken: nextNumber === null ? '' : await auth.numbers.seal(tenant, nextNumber),
    pageSize: tasks.length,
    totalSize: isNone ? 0 : (await engine.estimate(filter)).count,
  };
}

function filterOf({ principal }: Call, { contextId, status }: Wanted): Omit<ListRequest, 'limit' | 'after'> {
  return {
    tenant: principal.tenant,
    ...(contextId === null ? {} : { tags: { [CONTEXT_TAG]: contextId } }),
    ...(status === null ? {} : { states: CANDIDATES[status] }),
  };
}

async function pageOf(call: Call, filter: Omit<ListRequest, 'limit'>, wanted: Wanted, begin: number | null) {
  const { engine } = call.context;
  const snapshots: Snapshot[] = [];
  let after = begin;
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const limit = wanted.pageSize - snapshots.length;
    const page = await engine.list({ ...filter, limit, ...(after === null ? {} : { after }) });
    const now = engine.clock.now();
    snapshots.push(...page.snapshots.filter(({ job }) => fits(job, wanted, now)));
    after = page.next?.number ?? null;
    if (after === null || snapshots.length >= wanted.pageSize) break;
  }
  return { snapshots, next: after };
}

function fits(job: Snapshot['job'], { status, after }: Wanted, now: number): boolean {
  return (status === null || stateOf(job, now) === status) && (after === null || statusAt(job) >= after);
}

/** One after another: a page of large results must not be in memory at once with all that others read. */
async function tasksOf({ context: { engine } }: Call, snapshots: readonly Snapshot[], includesArtifacts: boolean) {
  const tasks: TaskView[] = [];
  let bytes = 0;
  for (const [at, snapshot] of snapshots.entries()) {
    const { job } = snapshot;
    bytes += includesArtifacts ? (job.result?.bytes ?? 0) : 0;
    if (at > 0 && bytes > PAGE_BYTES_MAX) return { tasks, cutAt: snapshots[at - 1]?.job.number ?? null };
    if (!includesArtifacts) tasks.push(viewOf(job, engine.clock.now(), null));
    else {
      const view = await taskOf(engine, snapshot);
      tasks.push({ ...view, artifacts: view.artifacts ?? [] });
    }
  }
  return { tasks, cutAt: null };
}

// --- What a client asks for: as JSON, or as texts of a query ---------------------------------------------------------------

function wantedIn(params: Json): Wanted {
  const fields = fieldsOf(params);
  const text = (name: string) => {
    const given = fields[name] ?? '';
    if (typeof given !== 'string') throw invalid(`${name} must be a text`);
    return given === '' ? null : given;
  };
  return {
    contextId: text('contextId'),
    status: statusIn(fields.status ?? null),
    pageSize: pageSizeIn(fields.pageSize ?? null),
    pageToken: text('pageToken'),
    after: timeIn(text('statusTimestampAfter')),
    includesArtifacts: flagIn(fields.includeArtifacts ?? null),
  };
}

function statusIn(given: Json): TaskState | null {
  if (given === null || given === '' || given === 'TASK_STATE_UNSPECIFIED') return null;
  const state = TASK_STATES.find((one) => one === given);
  if (state === undefined) throw invalid(`status must be one of ${TASK_STATES.join(', ')}`);
  return state;
}

function pageSizeIn(given: Json): number {
  if (given === null || given === '') return PAGE_SIZE;
  const size = typeof given === 'string' && /^\d{1,6}$/.test(given) ? Number(given) : given;
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 1 || size > PAGE_SIZE_MAX) {
    throw invalid(`pageSize must be a whole number from 1 to ${PAGE_SIZE_MAX}`);
  }
  return size;
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})$/;

function timeIn(given: string | null): number | null {
  if (given === null) return null;
  const ms = TIME.test(given) ? Date.parse(given) : Number.NaN;
  if (Number.isNaN(ms)) throw invalid('statusTimestampAfter must be a point in time, such as 2030-01-31T12:00:00Z');
  return ms;
}

function flagIn(given: Json): boolean {
  if (given === null || given === '' || given === false || given === 'false') return false;
  if (given === true || given === 'true') return true;
  throw invalid('includeArtifacts must be true or false');
}

function invalid(what: string): BideError {
  return new BideError('INVALID_REQUEST', `${what}.`);
}
