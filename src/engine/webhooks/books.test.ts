import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openEngine, TENANT } from '../../../test/engine/engine-fixture.ts';
import { DEFAULT_LIMITS } from '../../core/limits.ts';
import { withEndpoint } from './book.ts';
import { type Books, createBooks } from './books.ts';

const REASON = { at: 0, reason: 'Disabled by its owner.' };

test('a webhook that is enabled while the call that disabled it still has it stop following, follows in the end', async () => {
  await using fixture = await openEngine({ runsJobs: false });
  const { engine, store, clock } = fixture;
  const { id } = await engine.webhooks.create(TENANT, { url: 'https://a.example/', events: ['job.waiting'] });
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const slow = Object.assign(Object.create(store) as typeof store, {
    async unfollow(ref: Parameters<typeof store.unfollow>[0]) {
      reached.resolve();
      await released.promise;
      return store.unfollow(ref);
    },
  });
  const change = (books: Books, disabled: typeof REASON | null) =>
    books.change(TENANT, (book) => withEndpoint(book, id, (endpoint) => ({ ...endpoint, disabled })));
  const disabling = change(createBooks({ store: slow, clock, limits: DEFAULT_LIMITS }), REASON);
  await reached.promise;
  await change(createBooks({ store, clock, limits: DEFAULT_LIMITS }), null);
  released.resolve();
  await disabling;
  await fixture.submit('task');
  assert.equal((await store.eventRead({ tenant: TENANT, after: 0, limit: 10 })).events.length, 1);
});
