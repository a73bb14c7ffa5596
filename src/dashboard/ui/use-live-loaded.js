/** What follows from jobs, such as the figures of a group: loaded anew soon after one of them has changed, and now and then for what no job tells. */
import { useEffect, useRef } from 'preact/hooks';
import { useIsFlowing, useLive } from './use-live.js';
import { useLoaded } from './use-loaded.js';

/** @typedef {import('bide/client').JobBody} JobBody */

/** A thousand changes a second are three calls. */
const SOON_MS = 300;

/**
 * Not while somebody has paused what comes.
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} load
 * @param {readonly unknown[]} inputs
 * @param {{ everyMs: number, concerns: (job: JobBody) => boolean }} options
 * @returns {import('./use-loaded.js').Loaded<T>}
 */
export function useLiveLoaded(load, inputs, { everyMs, concerns }) {
  const isFlowing = useIsFlowing();
  const loaded = useLoaded(load, inputs, { everyMs: isFlowing ? everyMs : null });
  const latest = useRef(loaded);
  latest.current = loaded;
  const timer = useRef(/** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined));
  const soon = () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      // A call under way would be given up for the next one, again and again.
      if (latest.current.isLoading) soon();
      else latest.current.reload();
    }, SOON_MS);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  useLive(({ job }) => concerns(job) && soon(), loaded.reload);
  return loaded;
}
