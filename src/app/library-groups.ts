/** Groups for programs that hold the engine themselves: the calls of the client, without HTTP. */
import { requireKnown } from '../client/known-options.ts';
import type { WaitOptions } from '../client/waiting.ts';
import type { SubmitBody } from '../client/wire.ts';
import type { GroupBody, GroupDraft } from '../client/wire-groups.ts';
import type { Json } from '../core/job.ts';
import { groupBody } from '../dialects/native/group-bodies.ts';
import { submitRequestOf } from '../dialects/native/mapping.ts';
import type { Engine, Group, MemberRequest } from '../engine/index.ts';

export interface LibraryGroups {
  /** All of its jobs are stored, or none. */
  create(draft: GroupDraft, options?: { readonly idempotencyKey?: string | undefined }): Promise<GroupBody>;
  add(
    id: string,
    members: { readonly jobs?: readonly SubmitBody[]; readonly ids?: readonly string[] },
  ): Promise<GroupBody>;
  close(id: string): Promise<GroupBody>;
  get(id: string): Promise<GroupBody>;
  /** The group once all of its jobs are final, or as it is when the time is over. */
  wait(id: string, options?: WaitOptions): Promise<GroupBody>;
  /** Its jobs stay. */
  remove(id: string): Promise<void>;
}

export function libraryGroups({ groups }: Pick<Engine, 'groups'>, tenant: string): LibraryGroups {
  const body = (group: Group) => JSON.parse(groupBody('', group)) as GroupBody;
  return {
    async create(
      { jobs = [], isOpen = false, retainMs, ...asked },
      { idempotencyKey }: { readonly idempotencyKey?: string | undefined } = {},
    ) {
      const slots = { always: asked.then, onSuccess: asked.onSuccess, onFailure: asked.onFailure };
      const made = Object.entries(slots).flatMap(([slot, job]) => (job === undefined ? [] : [[slot, memberOf(job)]]));
      const followUps = Object.fromEntries(made);
      const draft = { tenant, jobs: jobs.map(memberOf), followUps, isOpen, retainMs, idempotencyKey };
      return body((await groups.create(draft)).group);
    },
    add: async (id, { jobs = [], ids = [] }) => body(await groups.add({ tenant, id, jobs: jobs.map(memberOf), ids })),
    close: async (id) => body(await groups.close(tenant, id)),
    get: async (id) => body(await groups.read(tenant, id)),
    async wait(id, options = {}) {
      requireKnown('groups.wait', options, ['timeoutMs', 'signal']);
      const { timeoutMs = Number.POSITIVE_INFINITY, signal = new AbortController().signal } = options;
      return body(await groups.wait({ tenant, id, until: { kind: 'done' }, timeoutMs, signal }));
    },
    remove: (id) => groups.remove(tenant, id),
  };
}

function memberOf(job: SubmitBody): MemberRequest {
  const { tenant: _, ...member } = submitRequestOf('', job as never);
  return { ...member, input: (job.input ?? null) as Json };
}
