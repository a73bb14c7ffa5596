/**
 * Callbacks that a job is given after its submit, several of them, each told in the words of the dialect that it was given through.
 *
 * They are a document of the job, and with the first one the tenant's events are followed, so that no later change of the job is missed. Both last
 * `jobCallbackMs` from the newest change of the list: a job that is not done by then is told of no more, and nothing has to be swept for jobs
 * that are gone. Removed ones are told nothing more, tries that were to come included.
 */
import { randomUUID } from 'node:crypto';
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { isObject } from '../../core/json-object.ts';
import type { Document } from '../../store/contract.ts';
import type { JobCallback, JobCallbackDraft, JobCallbackList, JobCallbacks } from '../api-deliveries.ts';
import { boundDocuments } from '../bounded-documents.ts';
import type { EngineBase } from '../engine-base.ts';
import { urlProblem } from './callback.ts';

const KIND = 'job-callbacks';
const FOLLOWER = 'job-callbacks';
const KEY_PREFIX = 'callback_';
const TENANTS_MAX = 10_000;
/** Lists that are over, removed with each new one: more go than come. */
const REMOVED_AT_ONCE = 4;
const KINDS = ['waiting', 'running', 'changed', 'succeeded', 'failed', 'cancelled', 'expired'] as const;

export const NO_CALLBACKS: JobCallbackList = Object.freeze({ callbacks: [], isOwnOff: false });

export interface KeptCallbacks extends JobCallbacks {
  /** Of those of these jobs that have any. */
  listed(tenant: string, jobIds: ReadonlySet<string>): Promise<ReadonlyMap<string, JobCallbackList>>;
  /** Whether this process has given jobs of the tenant any. False says nothing about other processes. */
  isFollowed(tenant: string): boolean;
}

/** Whether what is delivered goes to a callback of this kind, and not to a webhook. */
export function isCallbackKey(endpointId: string | null): endpointId is string {
  return endpointId?.startsWith(KEY_PREFIX) === true;
}

type Options = Pick<EngineBase, 'store' | 'clock' | 'limits'> & { readonly allowsPrivateDeliveries: boolean };

export function createJobCallbacks(options: Options): KeptCallbacks {
  const { store, clock, limits } = options;
  const documents = boundDocuments({ store, limits, clock });
  const followed = new Set<string>();

  async function change(tenant: string, jobId: string, made: (list: JobCallbackList) => JobCallbackList | null) {
    for (let attempt = 0; attempt < limits.applyAttemptsMax; attempt += 1) {
      const document = await store.documentRead({ tenant, kind: KIND, name: jobId });
      const list = made(listIn(document));
      if (list === null) return;
      const now = clock.now();
      const place = { tenant, kind: KIND, name: jobId, expectRevision: document?.revision ?? 0 };
      const write = { ...place, data: { ...list } as unknown as Json, now, dueAt: now + limits.jobCallbackMs };
      if ((await documents.documentWrite(write)).kind === 'written') return;
    }
    throw new BideError('CHANGED_MEANWHILE');
  }

  /** Before the list says so: what happens in between is at most written for nobody. */
  async function follow(tenant: string): Promise<void> {
    const now = clock.now();
    await store.follow({ tenant, name: FOLLOWER, wants: KINDS, until: now + limits.jobCallbackMs, now });
    if (followed.size >= TENANTS_MAX) followed.clear();
    followed.add(tenant);
  }

  async function removeOver(): Promise<void> {
    for (const { tenant, name } of await store.documentDue({ kind: KIND, now: clock.now(), limit: REMOVED_AT_ONCE }))
      await store.documentRemove({ tenant, kind: KIND, name });
  }

  return {
    async list(tenant, jobId) {
      return listIn(await store.documentRead({ tenant, kind: KIND, name: jobId }));
    },
    async put(tenant, jobId, draft) {
      requireUrl(options, draft.url);
      await follow(tenant);
      await change(tenant, jobId, (list) => withCallback(list, draft, limits.callbacksPerJobMax));
      await removeOver();
    },
    remove: (tenant, jobId, id) => change(tenant, jobId, (list) => without(list, id)),
    silence: (tenant, jobId) => change(tenant, jobId, (list) => (list.isOwnOff ? null : { ...list, isOwnOff: true })),
    async listed(tenant, jobIds) {
      const [newest] = await store.documentList({ tenant, kind: KIND, limit: 1 });
      const lists = new Map<string, JobCallbackList>();
      if (newest === undefined) return lists;
      for (const jobId of jobIds) {
        const list = listIn(await store.documentRead({ tenant, kind: KIND, name: jobId }));
        if (list !== NO_CALLBACKS) lists.set(jobId, list);
      }
      return lists;
    },
    isFollowed: (tenant) => followed.has(tenant),
  };
}

/** Only this engine writes them, and what it wrote is taken as it is. */
function listIn(document: Document | null): JobCallbackList {
  const data = document?.data;
  return isObject(data) ? (data as unknown as JobCallbackList) : NO_CALLBACKS;
}

/** One of the same id has its place, and not its key: what was to be told of the old one goes nowhere. */
function withCallback(list: JobCallbackList, draft: JobCallbackDraft, max: number): JobCallbackList {
  const others = list.callbacks.filter(({ id }) => id !== draft.id);
  if (others.length >= max) {
    const message = `The job has ${max} callbacks (callbacksPerJobMax).`;
    throw new BideError('TOO_MANY_CALLBACKS', message, { limit: 'callbacksPerJobMax', value: max });
  }
  const callback: JobCallback = { ...draft, key: `${KEY_PREFIX}${randomUUID()}` };
  return { ...list, callbacks: [...others, callback] };
}

function without(list: JobCallbackList, id: string): JobCallbackList | null {
  const callbacks = list.callbacks.filter((callback) => callback.id !== id);
  return callbacks.length === list.callbacks.length ? null : { ...list, callbacks };
}

function requireUrl({ limits, allowsPrivateDeliveries }: Options, url: string): void {
  const problem = urlProblem(url, limits, allowsPrivateDeliveries);
  if (problem !== null) throw new BideError('WEBHOOK_URL_REFUSED', `The URL ${problem}.`);
}
