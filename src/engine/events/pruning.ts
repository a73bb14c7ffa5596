/** Removes events that are past their time and have been told, and deliveries that are past theirs. */
import type { EngineBase } from '../engine-base.ts';
import { createLoop, type Loop } from '../loop.ts';

const LOOK_MS = 10_000;
const BATCH = 1_000;
/** Where a batch was full: soon again, without keeping callers from the store. */
const MORE_MS = 50;

export function createEventPruning(options: EngineBase): Loop {
  const { store, clock, limits } = options;
  return createLoop({
    ...options,
    name: 'event pruning',
    async run() {
      const now = clock.now();
      const { eventsRetainMs, eventsKeptMax: keepMax } = limits;
      // By time alone, 1,000 jobs a second that somebody follows whole are 5 GB.
      const events = await store.eventPrune({ now, before: now - eventsRetainMs, keepMax, limit: BATCH });
      const deliveries = await store.deliveryPrune({ now, limit: BATCH });
      return events === BATCH || deliveries === BATCH ? MORE_MS : LOOK_MS;
    },
  });
}
