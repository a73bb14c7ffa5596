/** Groups as callers make, fill, close and read them. */
import { hash } from 'node:crypto';
import { BideError } from '../../core/errors.ts';
import {
  FOLLOW_UP_SLOTS,
  type FollowUp,
  type FollowUpSlot,
  type FollowUps,
  type Group,
  groupOf,
  outcomeOf,
  unfinished,
} from '../../core/groups/group.ts';
import { type Job, type JobSpec, type Json, jobOf } from '../../core/job.ts';
import { quotaError } from '../../core/quota-error.ts';
import type { TraceContext } from '../../core/trace-context.ts';
import type { GroupWritten, NewJob } from '../../store/contract.ts';
import type { MemberRequest } from '../api.ts';
import type { EngineBase } from '../engine-base.ts';
import { doubtAfter } from '../failed-write.ts';
import type { Reader } from '../reading/reader.ts';
import { type ArrivingParts, announceCreated, arriving } from '../submitting/arriving.ts';
import { createJobIds } from '../submitting/job-ids.ts';
import { stableText } from '../submitting/request-hash.ts';
import type { Submits } from '../submitting/submit.ts';
import { traceOf } from '../tracing/send-spans.ts';
import type { GroupDraft, Groups } from './api-groups.ts';
import type { GroupEnds } from './group-ends.ts';
import type { GroupWatch } from './group-watch.ts';
import { invalidAt, refusalAt, refusalOf } from './refusal.ts';

export interface GroupsOptions extends EngineBase, ArrivingParts {
  readonly submits: Submits;
  readonly reader: Reader;
  readonly watch: GroupWatch;
  readonly ends: GroupEnds;
}

type Draft = GroupDraft<MemberRequest>;

export function createGroups(options: GroupsOptions): Groups<MemberRequest> {
  const { store, clock, limits, watch, ends, submits } = options;
  const newId = createJobIds();
  const membersMax = limits.groupMembersMax;

  async function create(draft: Draft) {
    const { tenant, idempotencyKey } = draft;
    const requestHash = idempotencyKey === undefined ? null : hashOf(draft);
    // Looked for first: whoever lost the answer must not be told that there is no room any more.
    const earlier = idempotencyKey === undefined ? null : await store.groupByKey({ tenant, idempotencyKey });
    if (earlier !== null && !isOver(earlier)) return existing(earlier, requestHash);
    const now = clock.now();
    const id = newId(now);
    const followUps = await checkedFollowUps(options, draft, id);
    const jobs = await checkedMembers(submits, tenant, draft.jobs, id);
    const group = groupOf({
      id,
      tenant,
      createdAt: now,
      retainMs: draft.retainMs ?? limits.retainMs,
      followUps: Object.fromEntries(
        Object.entries(followUps).map(([slot, { spec }]) => [slot, { type: spec.type, jobId: null }]),
      ),
      idempotencyKey: idempotencyKey ?? null,
      requestHash,
    });
    const isClosed = !draft.isOpen;
    const groupsMax = limits.groupsPerTenantMax;
    const insert = (members: readonly NewJob[]) =>
      store.groupInsert({ group, followUps, jobs: members, ids: [], isClosed, now, groupsMax, membersMax });
    const written = await storeMembers(options, jobs, insert);
    return written.isExisting ? existing(written.group, requestHash) : { group: written.group, isExisting: false };
  }

  function isOver({ removeAt }: Group): boolean {
    return removeAt !== null && removeAt <= clock.now();
  }

  async function found(tenant: string, id: string): Promise<Group> {
    const [group = null] = await store.groupRead([{ tenant, id }]);
    if (group === null || isOver(group)) throw unknown(id);
    return group;
  }

  return {
    create,
    async add({ tenant, id, jobs: requests, ids }) {
      const group = await found(tenant, id);
      const jobs = await checkedMembers(submits, tenant, requests, id);
      // What the store would say as well, without keeping others from its writer.
      if (!group.isOpen && jobs.some(({ spec }) => spec.idempotencyKey === null)) throw new BideError('GROUP_CLOSED');
      const add = (members: readonly NewJob[]) =>
        store.groupAdd({ tenant, id, jobs: members, ids, now: clock.now(), membersMax });
      const written = await storeMembers(options, jobs, async (members) => (await add(members)) ?? refuse(unknown(id)));
      return written.group;
    },
    async close(tenant, id) {
      const group = await store.groupClose({ tenant, id, now: clock.now() });
      if (group === null) throw unknown(id);
      watch.told([group]);
      ends.wake();
      return group;
    },
    read: found,
    list: ({ tenant, after, limit }) =>
      store.groupList({ tenant, ...(after === undefined ? {} : { after }), now: clock.now(), limit }),
    async wait({ tenant, id, until, timeoutMs, signal }) {
      const isEnough =
        until.kind === 'done'
          ? (group: Group) => group.finishedAt !== null
          : (group: Group) => group.revision > until.since;
      const group = await watch.wait({ tenant, id, isEnough, timeoutMs, signal });
      if (group === null) throw unknown(id);
      return group;
    },
    async remove(tenant, id) {
      if (!(await store.groupRemove({ tenant, id, now: clock.now() }))) throw unknown(id);
      watch.removed({ tenant, id });
    },
  };
}

function unknown(id: string): BideError {
  return new BideError('GROUP_NOT_FOUND', undefined, { id: id.slice(0, 100) });
}

function refuse(error: BideError): never {
  throw error;
}

function existing(group: Group, requestHash: string | null) {
  if (group.requestHash !== requestHash) throw new BideError('IDEMPOTENCY_MISMATCH', undefined, { groupId: group.id });
  return { group, isExisting: true };
}

function hashOf({ jobs, followUps, isOpen, retainMs }: Draft): string {
  // As JSON has them: what is left out is not there.
  const asked: Json = JSON.parse(JSON.stringify([jobs, followUps, isOpen, retainMs ?? null]));
  return hash('sha256', stableText(asked), 'hex');
}

/** What becomes of such a job (it may stand for another one, or another for it) is no matter of a call that stores all of its jobs or none. */
const FOREIGN_TERMS = ['unique', 'after'];

function refuseForeign({ spec }: NewJob, path: string): void {
  const term = FOREIGN_TERMS.find((name) => spec.terms?.[name] !== undefined);
  if (term === undefined) return;
  const message = 'is not for jobs of a group: submit the job, then add it by its id';
  throw invalidAt([{ path: `${path}/${term}`, message }]);
}

async function checkedMembers(
  submits: Submits,
  tenant: string,
  requests: readonly MemberRequest[],
  group: string,
): Promise<readonly NewJob[]> {
  const checked = await Promise.all(requests.map((request) => submits.check({ ...request, tenant })));
  return checked.map((one, index) => {
    if (one.kind !== 'checked') throw refusalAt(`/jobs/${index}`, one, requests[index]?.type ?? '');
    const { job } = one;
    refuseForeign(job, `/jobs/${index}`);
    return { ...job, spec: { ...job.spec, terms: { ...job.spec.terms, group } } };
  });
}

/** Each is checked as it will be submitted, so that nothing is left to be refused at the end. */
async function checkedFollowUps(
  { submits, limits }: GroupsOptions,
  { tenant, followUps }: Draft,
  id: string,
): Promise<FollowUps> {
  const made: Partial<Record<FollowUpSlot, FollowUp>> = {};
  for (const slot of FOLLOW_UP_SLOTS) {
    const request = followUps[slot];
    if (request !== undefined) made[slot] = await checkedFollowUp(submits, { tenant, slot, request, id });
  }
  const bytes = Buffer.byteLength(JSON.stringify(made));
  const { groupFollowUpBytesMax: value } = limits;
  if (bytes > value) {
    const message = `take ${bytes} bytes together, and may take ${value} (groupFollowUpBytesMax)`;
    throw invalidAt([{ path: '/then, /onSuccess, /onFailure', message }]);
  }
  return made;
}

interface Asked {
  readonly tenant: string;
  readonly slot: FollowUpSlot;
  readonly request: MemberRequest;
  readonly id: string;
}

async function checkedFollowUp(submits: Submits, { tenant, slot, request, id }: Asked): Promise<FollowUp> {
  const path = slot === 'always' ? '/then' : `/${slot}`;
  const { input = null, delayMs } = request;
  if (input !== null && (typeof input !== 'object' || Array.isArray(input))) {
    const message = 'must be an object or left out: it gets `group`, with what became of the group';
    throw invalidAt([{ path: `${path}/input`, message }]);
  }
  const counts = { succeeded: 0, failed: 0, cancelled: 0, expired: 0 };
  const sample = { id, outcome: outcomeOf({ total: 0, counts }), total: 0, counts };
  const asked = { ...request, tenant, runAt: null, idempotencyKey: null };
  const checked = await submits.check({ ...asked, input: { ...(input as object), group: sample } });
  if (checked.kind !== 'checked') throw refusalAt(path, checked, request.type);
  refuseForeign(checked.job, path);
  const { spec, input: text } = checked.job;
  return {
    spec: withTrace(spec, traceOf(request)),
    delayMs: delayMs ?? 0,
    input: JSON.parse(text) as FollowUp['input'],
  };
}

/** It is stored long after the call: there is no span of it then, and it belongs to where the call did. */
function withTrace(spec: JobSpec, trace: TraceContext | null): JobSpec {
  const { trace: _own, ...terms } = spec.terms ?? {};
  const isBare = trace === null && Object.keys(terms).length === 0;
  return { ...spec, terms: isBare ? null : { ...terms, ...(trace === null ? {} : { trace }) } };
}

/** Takes the room for the jobs, stores them by `write`, and tells of those that are there then. */
async function storeMembers<T extends GroupWritten>(
  options: GroupsOptions,
  jobs: readonly NewJob[],
  write: (jobs: readonly NewJob[]) => Promise<T>,
): Promise<T> {
  const { submits, limits, changes, watch, ends } = options;
  const bound = await submits.takeRoom(jobs);
  const noRoom = () => (bound === null ? null : quotaError({ limit: bound, value: limits[bound] }));
  // Without room only those that are there already may be named again.
  if (bound !== null && jobs.some(({ spec }) => spec.idempotencyKey === null)) throw noRoom();
  const members = bound === null ? jobs : jobs.map((job) => ({ ...job, isReplay: true }));
  const specs = members.map(({ spec }) => spec);
  const written = await arriving(options, bound === null ? specs : [], () => write(members)).catch((error: unknown) => {
    if (bound === null) submits.giveBackRoom(jobs);
    const isRefused = error instanceof BideError && error.kind !== 'unavailable' && error.kind !== 'internal';
    if (!isRefused) doubtAfter(error, changes, () => {});
    throw refusalOf(error, noRoom());
  });
  if (bound === null) submits.giveBackRoom(jobs.filter((_, index) => (written.numbers[index] ?? null) === null));
  for (const [index, number] of written.numbers.entries()) {
    const spec = specs[index];
    if (number !== null && spec !== undefined) announceCreated(options, jobOf(spec, number));
  }
  await tellJoined(options, written.joined);
  watch.told([written.group]);
  if (unfinished(written.group) === 0) ends.wake();
  return written;
}

/** Their marks are new: memory has them as they were. */
async function tellJoined({ snapshots, reader }: GroupsOptions, joined: readonly Job[]): Promise<void> {
  if (joined.length === 0) return;
  for (const { id } of joined) snapshots.drop(id);
  // Stored they are; whoever cannot read them now reads them later.
  await reader.fresh(joined.map(({ id }) => id)).catch(() => {});
}
