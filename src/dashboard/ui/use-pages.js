/** Long lists: so many rows at a time, out of a call of the client that fetches as it is read, and more when they are asked for. */
import { useEffect, useRef, useState } from 'preact/hooks';

/** @template T @typedef {{ rows: readonly T[] | undefined, error: unknown, isLoading: boolean, hasMore: boolean, more: () => void, reload: () => void }} Paged */

/**
 * @template T
 * @param {(signal: AbortSignal) => AsyncGenerator<T, void, undefined>} list
 * @param {readonly unknown[]} inputs begins anew when one of them changes
 * @param {number} rowsPerPage
 * @returns {Paged<T>}
 */
export function usePages(list, inputs, rowsPerPage) {
  const [state, setState] = useState(
    /** @type {{ rows: readonly T[] | undefined, error: unknown, isLoading: boolean, hasMore: boolean }} */ ({
      rows: undefined,
      error: null,
      isLoading: true,
      hasMore: false,
    }),
  );
  const [turn, setTurn] = useState(0);
  const reading = useRef(/** @type {{ read: () => Promise<void> } | null} */ (null));
  useEffect(() => {
    const gone = new AbortController();
    const rest = list(gone.signal);
    let isFirst = true;
    const read = async () => {
      setState((before) => ({ ...before, error: null, isLoading: true }));
      try {
        const { rows, isLast } = await take(rest, rowsPerPage);
        if (gone.signal.aborted) return;
        const isStart = isFirst;
        isFirst = false;
        setState(({ rows: before = [] }) => ({
          rows: isStart ? rows : [...before, ...rows],
          error: null,
          isLoading: false,
          hasMore: !isLast,
        }));
      } catch (error) {
        // A generator that threw is over: what is there stays, and Try again begins anew.
        if (!gone.signal.aborted) setState((before) => ({ ...before, error, isLoading: false, hasMore: false }));
      }
    };
    reading.current = { read };
    void read();
    return () => gone.abort();
  }, [...inputs, turn]);
  return {
    ...state,
    more: () => void reading.current?.read(),
    reload: () => setTurn((count) => count + 1),
  };
}

/** @template T @param {AsyncGenerator<T, void, undefined>} rest @param {number} count */
async function take(rest, count) {
  /** @type {T[]} */
  const rows = [];
  while (rows.length < count) {
    const { done, value } = await rest.next();
    if (done === true) return { rows, isLast: true };
    rows.push(/** @type {T} */ (value));
  }
  return { rows, isLast: false };
}
