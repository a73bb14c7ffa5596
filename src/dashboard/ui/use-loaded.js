/** Loading for pages: one call at a time, the newest answer wins, and what was shown stays while the next answer is on its way. */
import { ClientError } from 'bide/client';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

/** After a call that found no server. */
const AGAIN_MS = 5_000;

/**
 * @template T
 * @typedef {{ value: T | undefined, error: unknown, isLoading: boolean, reload: () => void }} Loaded
 */

/**
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} load
 * @param {readonly unknown[]} inputs loads anew when one of them changes
 * @param {{ everyMs?: number | null }} [options] loads anew that long after each answer, while the page is visible
 * @returns {Loaded<T>}
 */
export function useLoaded(load, inputs, { everyMs = null } = {}) {
  const [state, setState] = useState(
    /** @type {{ value: T | undefined, error: unknown, isLoading: boolean }} */ ({
      value: undefined,
      error: null,
      isLoading: true,
    }),
  );
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  const reload = useCallback(() => setTurn((count) => count + 1), []);
  useEffect(() => {
    const gone = new AbortController();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    /** @param {number | null} ms */
    const again = (ms) => {
      if (ms !== null && !gone.signal.aborted) timer = setTimeout(() => (document.hidden ? again(ms) : reload()), ms);
    };
    setState((before) => ({ ...before, isLoading: true }));
    latest.current(gone.signal).then(
      (value) => {
        if (!gone.signal.aborted) setState({ value, error: null, isLoading: false });
        again(everyMs);
      },
      (error) => {
        if (!gone.signal.aborted) setState((before) => ({ ...before, error, isLoading: false }));
        // A server that is away comes back without a press of a button, as it does where a page asks again anyway.
        again(everyMs ?? (isPassing(error) ? AGAIN_MS : null));
      },
    );
    return () => {
      clearTimeout(timer);
      gone.abort();
    };
  }, [...inputs, turn, everyMs]);
  return { ...state, reload };
}

/** Whether the same call may work a moment later. @param {unknown} error */
const isPassing = (error) => error instanceof ClientError && error.isPassing;

/** A clock for what is shown relative to now: one timer for all of them. @returns {number} */
export function useNow() {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const listener = () => setNow(Date.now());
    tickers.add(listener);
    if (tickers.size === 1) ticking = setInterval(tickAll, 1_000);
    return () => {
      tickers.delete(listener);
      if (tickers.size === 0) clearInterval(ticking);
    };
  }, []);
  return now;
}

/** @type {Set<() => void>} */
const tickers = new Set();
/** @type {ReturnType<typeof setInterval> | undefined} */
let ticking;

function tickAll() {
  for (const tick of tickers) tick();
}
