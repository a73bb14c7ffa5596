/** Jobs that are looked at as one. */

import type { ShownState } from '../core/state.ts';
import type { CallOptions } from './commanding.ts';
import { holdLoop, secondsOf } from './hold-loop.ts';
import { requireKnown } from './known-options.ts';
import { dataOf, serverEvents } from './server-events.ts';
import type { Call, Transport } from './transport.ts';
import type { WaitOptions } from './waiting.ts';
import type { JobBody, SubmitBody } from './wire.ts';
import type { GroupBody, GroupDraft } from './wire-groups.ts';

export interface GroupCreateOptions extends CallOptions {
  /** The same key with the same request answers with the group of the first time. */
  readonly idempotencyKey?: string | undefined;
}

export interface GroupMembers {
  readonly jobs?: readonly SubmitBody[] | undefined;
  /** Of jobs that are there. */
  readonly ids?: readonly string[] | undefined;
}

export interface GroupJobsOptions extends CallOptions {
  readonly states?: readonly ShownState[] | undefined;
  readonly sort?: 'oldest' | 'newest' | undefined;
  /** Jobs fetched per request, not jobs in all. */
  readonly pageSize?: number | undefined;
}

export interface GroupWaited {
  /** False when the time ran out first. */
  readonly isSatisfied: boolean;
  readonly group: GroupBody;
}

export type Groups = ReturnType<typeof groupsOf>;

const PATH = '/v1/groups';
const at = (id: string, part = '') => `${PATH}/${encodeURIComponent(id)}${part}`;

export function groupsOf(transport: Transport) {
  const loop = holdLoop(transport);

  async function ask<T>(call: Omit<Call, 'isRepeatable'> & { readonly isRepeatable?: boolean }): Promise<T> {
    return (await transport.call({ isRepeatable: call.method === 'GET', ...call })).body as T;
  }

  function keyed(path: string, json: unknown, { idempotencyKey, signal }: GroupCreateOptions): Promise<GroupBody> {
    const key = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
    const headers = { ...transport.trace(), ...key };
    return ask<GroupBody>({ method: 'POST', path, json, headers, isRepeatable: idempotencyKey !== undefined, signal });
  }

  async function wait(id: string, options: WaitOptions = {}): Promise<GroupWaited> {
    requireKnown('groups.wait', options, ['timeoutMs', 'signal']);
    const { signal } = options;
    const deadline = loop.deadlineOf(options.timeoutMs);
    for (;;) {
      const startedAt = transport.now();
      const group = await loop.held(deadline, signal, (holdMs, onCut) => {
        const query = new URLSearchParams({ wait: secondsOf(holdMs) });
        return ask<GroupBody>({ method: 'GET', path: at(id), query, holdMs, onCut, signal });
      });
      if (group.finishedAt !== null) return { isSatisfied: true, group };
      if (transport.now() >= deadline) return { isSatisfied: false, group };
      await loop.keepPace(startedAt, deadline, signal);
    }
  }

  /** All jobs of the group, in the order in which they were submitted. */
  async function* jobs(id: string, options: GroupJobsOptions = {}): AsyncGenerator<JobBody, void, undefined> {
    requireKnown('groups.jobs', options, ['states', 'sort', 'pageSize', 'signal']);
    const { states = [], sort, pageSize, signal } = options;
    const query = new URLSearchParams(states.map((state): [string, string] => ['state', state]));
    if (sort !== undefined) query.set('sort', sort);
    if (pageSize !== undefined) query.set('limit', String(pageSize));
    for (let cursor: string | null | undefined; cursor !== null; ) {
      if (cursor !== undefined) query.set('cursor', cursor);
      const page = await ask<{ readonly jobs: readonly JobBody[]; readonly next: string | null }>({
        method: 'GET',
        path: at(id, '/jobs'),
        query,
        signal,
      });
      yield* page.jobs;
      cursor = page.next;
    }
  }

  async function* list(
    options: CallOptions & { readonly pageSize?: number | undefined } = {},
  ): AsyncGenerator<GroupBody, void, undefined> {
    requireKnown('groups.list', options, ['pageSize', 'signal']);
    const { pageSize, signal } = options;
    const query = new URLSearchParams(pageSize === undefined ? {} : { limit: String(pageSize) });
    for (let cursor: string | null | undefined; cursor !== null; ) {
      if (cursor !== undefined) query.set('cursor', cursor);
      const page = await ask<{ readonly groups: readonly GroupBody[]; readonly next: string | null }>({
        method: 'GET',
        path: PATH,
        query,
        signal,
      });
      yield* page.groups;
      cursor = page.next;
    }
  }

  /** The figures now, then as they change, until the group has ended. */
  async function* events(id: string, { signal }: CallOptions = {}): AsyncGenerator<GroupBody, void, undefined> {
    for await (const event of serverEvents(transport, { path: at(id, '/events'), lastEventId: undefined, signal })) {
      if (event.name !== 'group') continue;
      const group = dataOf<GroupBody>(event);
      yield group;
      if (group.finishedAt !== null) return;
    }
  }

  return {
    /** All of its jobs are stored, or none. */
    create: (draft: GroupDraft, options: GroupCreateOptions = {}) => keyed(PATH, draft, options),
    /** To an open group: all of them, or none. */
    add: (id: string, members: GroupMembers, options: GroupCreateOptions = {}) =>
      keyed(at(id, '/jobs'), members, options),
    close: (id: string, { signal }: CallOptions = {}) =>
      ask<GroupBody>({ method: 'POST', path: at(id, '/close'), isRepeatable: true, signal }),
    get: (id: string, { signal }: CallOptions = {}) => ask<GroupBody>({ method: 'GET', path: at(id), signal }),
    /** Until all of its jobs are final, as long as it takes or until `timeoutMs`. */
    wait,
    jobs,
    list,
    events,
    /** Closes it and cancels its jobs, by a job of its own, which is the answer. */
    cancel: (id: string, { signal }: CallOptions = {}) =>
      ask<JobBody>({ method: 'POST', path: at(id, '/cancel'), signal }),
    /** Runs those again that have failed, expired or were cancelled, by a job of its own. What followed the group is not submitted again. */
    retry: (id: string, { signal }: CallOptions = {}) =>
      ask<JobBody>({ method: 'POST', path: at(id, '/retry'), signal }),
    /** Its jobs stay. */
    remove: (id: string, { signal }: CallOptions = {}) => ask<void>({ method: 'DELETE', path: at(id), signal }),
  };
}
