/** A reader of the feed that notes what it was told, and what a store says there was to tell. */
import assert from 'node:assert/strict';
import type { Engine, FeedFilter, FeedRequest } from '../../src/engine/api.ts';
import { type Fixture, NEVER, TENANT } from './engine-fixture.ts';

export interface FeedReader {
  /** `id revision`, in the order in which they came. */
  readonly seen: string[];
  readonly gaps: number;
  /** Reads until nothing more is there, on whatever engine. */
  catchUp(engine: Engine): Promise<void>;
  /** One read that waits. */
  wait(engine: Engine, timeoutMs: number): Promise<void>;
}

export function createFeedReader(filter: FeedFilter = {}): FeedReader {
  const seen: string[] = [];
  let gaps = 0;
  let after: FeedRequest['after'] = 'now';
  async function read(engine: Engine, timeoutMs: number): Promise<boolean> {
    const page = await engine.feed.read({ tenant: TENANT, filter, after, timeoutMs, signal: NEVER });
    for (const { job } of page.events) seen.push(`${job.id} ${job.revision}`);
    if (page.isGap) gaps += 1;
    after = page.next;
    return page.events.length > 0 || page.isGap;
  }
  return {
    seen,
    get gaps() {
      return gaps;
    },
    async catchUp(engine) {
      while (await read(engine, 0));
    },
    async wait(engine, timeoutMs) {
      await read(engine, timeoutMs);
    },
  };
}

/** Every revision of every job that there is, once, and those of a job in order. */
export async function assertToldAll({ engine }: Fixture, { seen, gaps }: FeedReader): Promise<void> {
  const all: string[] = [];
  for (let after: number | undefined; ; ) {
    const page = await engine.list({ tenant: TENANT, limit: 200, ...(after === undefined ? {} : { after }) });
    for (const { job } of page.snapshots) for (let of = 1; of <= job.revision; of += 1) all.push(`${job.id} ${of}`);
    if (page.next === null) break;
    after = page.next.number;
  }
  assert.equal(gaps, 0);
  assert.deepEqual(seen.toSorted(), all.toSorted());
  const last = new Map<string, number>();
  for (const one of seen) {
    const [id = '', revision = 0] = one.split(' ');
    assert.equal(Number(revision), (last.get(id) ?? 0) + 1, one);
    last.set(id, Number(revision));
  }
}
