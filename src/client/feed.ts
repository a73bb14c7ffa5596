/** The feed: every change of all jobs, in one order, as they come or page by page. */
import type { ShownState } from '../core/state.ts';
import type { CallOptions } from './commanding.ts';
import { secondsOf } from './hold-loop.ts';
import { requireKnown } from './known-options.ts';
import { filterWords } from './listing.ts';
import { dataOf, serverEvents } from './server-events.ts';
import type { Transport } from './transport.ts';
import type { ChangeBody, FeedBody } from './wire-feed.ts';

export interface FeedOptions extends CallOptions {
  readonly types?: readonly string[] | undefined;
  /** What the job was in by the change. */
  readonly states?: readonly ShownState[] | undefined;
  /** Every one of them must match. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** A cursor: only what is behind it. `oldest`: all that is kept. Where left out, what happens from now on. */
  readonly after?: string | undefined;
}

export interface FeedPageOptions extends FeedOptions {
  /** Holds the call until there is such a change, or this time is over. */
  readonly waitMs?: number | undefined;
}

export type FeedChange = ChangeBody;

/** Changes before this cursor are kept no more: whoever mirrors jobs has to list them anew. */
export interface FeedGap {
  readonly kind: 'gap';
  readonly cursor: string;
}

const OPTIONS = ['types', 'states', 'tags', 'after', 'signal'] as const;
const PATH = '/v1/events';

export function feedOf(transport: Transport) {
  async function* feed(options: FeedOptions = {}): AsyncGenerator<FeedChange | FeedGap, void, undefined> {
    requireKnown('feed', options, OPTIONS);
    const { signal } = options;
    const stream = serverEvents(transport, { path: PATH, query: queryOf(options), lastEventId: undefined, signal });
    for await (const event of stream) {
      if (event.name === 'change') yield dataOf<ChangeBody>(event);
      else if (event.name === 'gap') yield { kind: 'gap', cursor: event.id };
    }
  }

  async function feedPage(options: FeedPageOptions = {}): Promise<FeedBody> {
    requireKnown('feedPage', options, [...OPTIONS, 'waitMs']);
    const { waitMs: holdMs = 0, signal } = options;
    const query = queryOf(options);
    if (holdMs > 0) query.set('wait', secondsOf(holdMs));
    const call = { method: 'GET', path: PATH, query, isRepeatable: true, holdMs, signal } as const;
    return (await transport.call(call)).body as FeedBody;
  }

  return { feed, feedPage };
}

function queryOf({ types, states, tags, after }: FeedOptions): URLSearchParams {
  const query = new URLSearchParams(
    filterWords({ types, states, tags }).map(([name, value]): [string, string] => [name, value]),
  );
  if (after !== undefined) query.set('after', after);
  return query;
}
