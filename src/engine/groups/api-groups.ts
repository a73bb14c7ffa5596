/** What the engine offers of groups. Whatever is refused rejects with a `BideError` that says why, and nothing was written then. */
import type { FollowUpSlot, Group } from '../../core/groups/group.ts';
import type { CallerSignal } from '../caller-signal.ts';

/** @param Request a submit, for the tenant of the group: `MemberRequest` */
export interface GroupDraft<Request> {
  readonly tenant: string;
  readonly jobs: readonly Request[];
  /**
   * What it submits at its end. The input is an object, which gets `group` with what became of it; of the time only a delay counts, and there is no
   * idempotency key, since each is submitted once.
   */
  readonly followUps: Readonly<Partial<Record<FollowUpSlot, Request>>>;
  /** Takes more members until it is closed. */
  readonly isOpen: boolean;
  /** How long it is kept after its end; the limit `retainMs` unless told. */
  readonly retainMs?: number | null | undefined;
  readonly idempotencyKey?: string | undefined;
}

export interface GroupAddition<Request> {
  readonly tenant: string;
  readonly id: string;
  readonly jobs: readonly Request[];
  readonly ids: readonly string[];
}

export interface GroupWait {
  readonly tenant: string;
  readonly id: string;
  /** Until it has ended, or changed after this revision. */
  readonly until: { readonly kind: 'done' } | { readonly kind: 'change'; readonly since: number };
  readonly timeoutMs: number;
  readonly signal: CallerSignal;
}

export interface Groups<Request> {
  create(draft: GroupDraft<Request>): Promise<{ readonly group: Group; readonly isExisting: boolean }>;
  add(addition: GroupAddition<Request>): Promise<Group>;
  close(tenant: string, id: string): Promise<Group>;
  read(tenant: string, id: string): Promise<Group>;
  /** Newest first; `after` is the id of the last one seen. */
  list(request: {
    readonly tenant: string;
    readonly after?: string;
    readonly limit: number;
  }): Promise<readonly Group[]>;
  /** The group as it is when the wait is satisfied or over. */
  wait(request: GroupWait): Promise<Group>;
  remove(tenant: string, id: string): Promise<void>;
}
