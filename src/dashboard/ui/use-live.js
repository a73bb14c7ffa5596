/** For pages that follow what happens to jobs. */
import { useEffect, useRef } from 'preact/hooks';
import { useShared } from './shared.js';

/**
 * @param {(change: import('./live.js').Change) => void} onChange
 * @param {() => void} onBack where changes may have gone by: the page loads anew
 */
export function useLive(onChange, onBack) {
  const { live } = useShared();
  const latest = useRef({ onChange, onBack });
  latest.current = { onChange, onBack };
  useEffect(() => {
    const leaves = [
      live.subscribe((change) => latest.current.onChange(change)),
      live.onBack(() => latest.current.onBack()),
    ];
    return () => {
      for (const leave of leaves) leave();
    };
  }, [live]);
}
