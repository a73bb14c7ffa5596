/** Hints between processes: heard where the store has them, harmless where it has none. */
import assert from 'node:assert/strict';
import type { Hint, Store } from '../contract.ts';
import { claimOne, insertJob, insertJobs, succeed } from './fixtures.ts';
import { alone, type Topic } from './suite.ts';

/** Each waits for an answer of the database, so that this is a second or more. */
const TRIES = 5_000;

export const hints: Topic = [
  alone('hint reaches the listeners of other handles where the store has hints', async (context) => {
    const { store, opened } = context;
    if (!store.facts.hasHints || opened.another === undefined) return assertHarmless(context.store);
    const other = await opened.another();
    const job = await insertJob(context);
    const heard = new Promise<readonly Hint[]>((resolve) => {
      const seen: Hint[] = [];
      other.changes((hint) => {
        seen.push(hint);
        if (hasSeen(seen, job.id, context.type)) resolve(seen);
      });
    });
    // Whoever has just begun to listen may miss the first: a hint may be lost, so it is given until it is heard.
    let isHeard = false;
    void heard.then(() => {
      isHeard = true;
    });
    for (let tries = 0; tries < TRIES && !isHeard; tries += 1) {
      store.hint([
        { kind: 'jobs', ids: [job.id] },
        { kind: 'work', types: [context.type] },
      ]);
      await store.ping();
    }
    assert.ok(isHeard, `nothing heard after ${TRIES} tries`);
    assert.ok(hasSeen(await heard, job.id, context.type));
  }),

  alone('a place that the end of a job makes for another of its key is told to other handles', async (context) => {
    const { store, opened, type } = context;
    if (!store.facts.hasHints || opened.another === undefined) return assertHarmless(store);
    const other = await opened.another();
    const types = new Set<string>();
    other.changes((hint) => {
      if (hint.kind === 'work') for (const one of hint.types) types.add(one);
    });
    await heard(store, () => types.has('listening'), [{ kind: 'work', types: ['listening'] }]);
    const terms = { limit: { key: 'k', concurrency: 1 } };
    await insertJobs(context, [{ terms }, { terms }]);
    const job = await claimOne(context);
    assert.ok(!types.has(type));
    await succeed(store, job);
    await heard(store, () => types.has(type), []);
  }),

  alone('changes calls nobody who has unsubscribed', async ({ store }) => {
    const seen: Hint[] = [];
    const unsubscribe = store.changes((hint) => seen.push(hint));
    unsubscribe();
    unsubscribe();
    store.hint([{ kind: 'everything' }]);
    await store.ping();
    assert.deepEqual(seen, []);
  }),
];

/** A hint may be lost: those here are given until it is heard. */
async function heard(store: Store, isHeard: () => boolean, hints: readonly Hint[]): Promise<void> {
  for (let tries = 0; tries < TRIES && !isHeard(); tries += 1) {
    store.hint(hints);
    await store.ping();
  }
  assert.ok(isHeard(), `nothing heard after ${TRIES} tries`);
}

function assertHarmless(store: { hint(hints: readonly Hint[]): void }): void {
  assert.doesNotThrow(() => store.hint([{ kind: 'everything' }]));
}

function hasSeen(seen: readonly Hint[], id: string, type: string): boolean {
  return (
    seen.some((hint) => hint.kind === 'jobs' && hint.ids.includes(id)) &&
    seen.some((hint) => hint.kind === 'work' && hint.types.includes(type))
  );
}
