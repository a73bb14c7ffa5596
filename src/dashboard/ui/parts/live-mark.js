/** Whether the page follows what happens, with a button that pauses it. */
import { useEffect, useState } from 'preact/hooks';
import { html } from '../html.js';
import { useShared } from '../shared.js';

const WORDS = { first: 'Connecting…', on: 'Live', paused: 'Paused', off: 'Server away, trying again…' };

/** `pause` says more where something else may be paused, too. @param {{ pause?: string }} props */
export function LiveMark({ pause = 'Pause' }) {
  const { live } = useShared();
  const [state, setState] = useState(live.state);
  useEffect(() => {
    setState(live.state());
    return live.watchState(setState);
  }, [live]);
  const isPaused = state === 'paused';
  return html`<div class="row">
    <span class="live ${state}" role="status">${WORDS[state]}</span>
    <button type="button" class="small" onClick=${isPaused ? live.resume : live.pause}>${isPaused ? 'Go on' : pause}</button>
  </div>`;
}
