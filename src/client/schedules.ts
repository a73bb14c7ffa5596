/** Schedules of the caller's tenant: jobs submitted again and again. Changes need a key with the scope operate. */
import type { CallOptions } from './commanding.ts';
import { requireKnown } from './known-options.ts';
import type { ListPage } from './listing.ts';
import type { Call, Transport } from './transport.ts';
import type { JobBody } from './wire.ts';
import type {
  RunsPageOptions,
  ScheduleBody,
  ScheduleDraft,
  ScheduleRunOptions,
  SchedulesPage,
  SchedulesPageOptions,
} from './wire-schedules.ts';

export type Schedules = ReturnType<typeof schedulesOf>;

const PATH = '/v1/schedules';

export function schedulesOf(transport: Transport) {
  const ask = async <T>(
    facts: Pick<Call, 'method' | 'path' | 'query' | 'json' | 'headers'>,
    isRepeatable: boolean,
    { signal }: CallOptions,
  ) => (await transport.call({ ...facts, isRepeatable, signal })).body as T;
  return {
    /** Makes it, or changes it from now on; the same again changes nothing. What the draft leaves out is as in a new one. */
    put: (name: string, draft: ScheduleDraft, options: CallOptions = {}) =>
      ask<ScheduleBody>({ method: 'PUT', path: schedule(name), json: draft }, true, options),
    get: (name: string, options: CallOptions = {}) =>
      ask<ScheduleBody>({ method: 'GET', path: schedule(name) }, true, options),
    /** All of them, newest first. */
    list(options: Omit<SchedulesPageOptions, 'cursor'> = {}): AsyncGenerator<ScheduleBody, void, undefined> {
      requireKnown('list', options, ['pageSize', 'signal']);
      return schedules(transport, options);
    },
    listPage(options: SchedulesPageOptions = {}): Promise<SchedulesPage> {
      requireKnown('listPage', options, ['cursor', 'pageSize', 'signal']);
      return ask<SchedulesPage>({ method: 'GET', path: PATH, query: pageQuery(options) }, true, options);
    },
    /** Jobs that it has submitted stay. */
    remove: (name: string, options: CallOptions = {}) =>
      ask<void>({ method: 'DELETE', path: schedule(name) }, false, options),
    /** Ticks until it is resumed are passed over. */
    pause: (name: string, options: CallOptions = {}) =>
      ask<ScheduleBody>({ method: 'POST', path: `${schedule(name)}/pause` }, true, options),
    resume: (name: string, options: CallOptions = {}) =>
      ask<ScheduleBody>({ method: 'POST', path: `${schedule(name)}/resume` }, true, options),
    /** Submits its job once, now. Without an idempotency key it is not tried twice: that would be two jobs. */
    run(name: string, options: ScheduleRunOptions = {}): Promise<JobBody> {
      requireKnown('run', options, ['idempotencyKey', 'signal']);
      const { idempotencyKey } = options;
      const headers = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
      return ask<JobBody>(
        { method: 'POST', path: `${schedule(name)}/run`, headers },
        idempotencyKey !== undefined,
        options,
      );
    },
    /** A page of its jobs, newest first. */
    runsPage(name: string, options: RunsPageOptions = {}): Promise<ListPage> {
      requireKnown('runsPage', options, ['states', 'cursor', 'pageSize', 'signal']);
      const query = pageQuery(options);
      for (const state of options.states ?? []) query.append('state', state);
      return ask<ListPage>({ method: 'GET', path: `${schedule(name)}/runs`, query }, true, options);
    },
  };
}

async function* schedules(
  transport: Transport,
  options: SchedulesPageOptions,
): AsyncGenerator<ScheduleBody, void, undefined> {
  const { listPage } = schedulesOf(transport);
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: SchedulesPage = await listPage({ ...options, cursor });
    yield* page.schedules;
    cursor = page.next;
  }
}

function schedule(name: string): string {
  return `${PATH}/${encodeURIComponent(name)}`;
}

function pageQuery({ cursor, pageSize }: SchedulesPageOptions): URLSearchParams {
  const query = new URLSearchParams();
  if (cursor !== undefined) query.set('cursor', cursor);
  if (pageSize !== undefined) query.set('limit', String(pageSize));
  return query;
}
