import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { outbox } from './outbox.ts';

function collecting() {
  const posts: (readonly number[])[] = [];
  const out = outbox<number>((messages) => posts.push(messages));
  return { posts, out };
}

describe('outbox', () => {
  it('posts what is said in one turn as one array, in its order', async () => {
    const { posts, out } = collecting();
    // The first of a burst may leave alone, after a silence.
    for (let count = 0; count < 1_000; count += 1) out.push(count);
    await nextTurn();
    await nextTurn();
    assert.ok(posts.length <= 20, `${posts.length} posts`);
    assert.deepEqual(
      posts.flat(),
      Array.from({ length: 1_000 }, (_, index) => index),
    );
  });

  it('posts at once when told to, and nothing when there is nothing', () => {
    const { posts, out } = collecting();
    out.push(1);
    out.flush();
    out.flush();
    assert.deepEqual(posts.flat(), [1]);
  });

  it('posts at once after a silence, so that a turn that never ends is heard', () => {
    const { posts, out } = collecting();
    for (let count = 1; count <= 5; count += 1) {
      const until = performance.now() + 3;
      while (performance.now() < until);
      out.push(count);
    }
    assert.deepEqual(posts, [[1], [2], [3], [4], [5]]);
  });
});
