/**
 * Following one job by the server's stream of events: less latency and fewer requests than `watch`, which asks again and again.
 *
 * A stream that ends before its job does is opened again behind the last snapshot (`server-events.ts`). Where something on the way keeps
 * streams back altogether, use `watch`.
 */
import type { CallOptions } from './commanding.ts';
import type { JobRef } from './job-ref.ts';
import { requireKnown } from './known-options.ts';
import { pathOf } from './path-of.ts';
import { dataOf, serverEvents } from './server-events.ts';
import type { Transport } from './transport.ts';
import { isFinished } from './waiting.ts';
import type { JobBody } from './wire.ts';

export interface EventsOptions extends CallOptions {
  /** The revision that the caller has: only newer snapshots come. */
  readonly lastEventId?: number | undefined;
}

export function following(transport: Transport) {
  /**
   * The snapshot now, then one after each change, the final one last. A slow reader misses some in between, never the last. A job that the
   * caller has in its final revision has no events. Rejects as `get` does: also when the job is removed meanwhile, or the server stays away.
   */
  async function* events(id: JobRef, options: EventsOptions = {}): AsyncGenerator<JobBody, void, undefined> {
    requireKnown('events', options, ['lastEventId', 'signal']);
    const { signal } = options;
    const lastEventId = options.lastEventId === undefined ? undefined : String(options.lastEventId);
    for await (const event of serverEvents(transport, { path: pathOf(id, 'events'), lastEventId, signal })) {
      // Events of other names are for later clients.
      if (event.name !== 'job') continue;
      const job = dataOf<JobBody>(event);
      yield job;
      if (isFinished(job)) return;
    }
  }

  return { events };
}
