/** For pages that follow what happens to jobs. */
import { useEffect, useRef, useState } from 'preact/hooks';
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

/** Whether pages may ask for what comes: not while somebody has paused it, and not in a hidden tab. @returns {boolean} */
export function useIsFlowing() {
  const { live } = useShared();
  const read = () => live.state() !== 'paused' && !document.hidden;
  const [isFlowing, setFlowing] = useState(read);
  useEffect(() => {
    const look = () => setFlowing(read());
    look();
    document.addEventListener('visibilitychange', look);
    const leave = live.watchState(look);
    return () => {
      leave();
      document.removeEventListener('visibilitychange', look);
    };
  }, [live]);
  return isFlowing;
}
