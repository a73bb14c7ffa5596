/** What a job says or emits, as it comes: the newest part of it, so that a page stays small however much there is. */
import { ClientError } from 'bide/client';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useIsFlowing } from './use-live.js';

/** While the server is away. */
const AGAIN_MS = 3_000;

/**
 * @template {{ offset: number }} T
 * @param {(after: number, signal: AbortSignal) => AsyncGenerator<T, void, undefined>} follow
 * @param {{ key: string, isOver: boolean, max: number }} options begins anew with another `key`
 * @returns {{ items: readonly T[], dropped: number, error: unknown }}
 */
export function useFollowed(follow, { key, isOver, max }) {
  const [state, setState] = useState(
    /** @type {{ key: string, items: readonly T[], dropped: number, error: unknown }} */ ({
      key,
      items: [],
      dropped: 0,
      error: null,
    }),
  );
  const isFlowing = useIsFlowing();
  const after = useRef({ key, offset: 0 });
  const latest = useRef(follow);
  latest.current = follow;
  useEffect(() => {
    if (after.current.key !== key) after.current = { key, offset: 0 };
    if (!isFlowing) return;
    const gone = new AbortController();
    /** @type {T[]} */
    let batch = [];
    let frame = 0;
    const show = () => {
      const more = batch;
      batch = [];
      frame = 0;
      setState((before) => {
        const known = before.key === key ? before : { items: [], dropped: 0 };
        const all = [...known.items, ...more];
        const items = all.slice(-max);
        return { key, items, dropped: known.dropped + all.length - items.length, error: null };
      });
    };
    const run = async () => {
      show();
      for await (const item of latest.current(after.current.offset, gone.signal)) {
        if (gone.signal.aborted) return;
        after.current.offset = item.offset;
        batch.push(item);
        if (batch.length > max * 2) batch = batch.slice(-max);
        if (frame === 0) frame = requestAnimationFrame(show);
      }
    };
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const start = () =>
      void run().catch((error) => {
        if (gone.signal.aborted) return;
        setState((before) => ({ ...before, error }));
        if (error instanceof ClientError && error.isPassing) timer = setTimeout(start, AGAIN_MS);
      });
    start();
    return () => {
      gone.abort();
      clearTimeout(timer);
      if (frame !== 0) {
        cancelAnimationFrame(frame);
        show();
      }
    };
    // A job that is over and runs again is followed again.
  }, [key, isOver, isFlowing, max]);
  return state.key === key ? state : { items: [], dropped: 0, error: null };
}
