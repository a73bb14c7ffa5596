/** Pages whose files are fetched when somebody goes there: a first visit loads what most need. */
import { useEffect, useState } from 'preact/hooks';
import { html } from './html.js';
import { Problem } from './parts/notice.js';

/** @typedef {import('preact').FunctionComponent<{ id: string }>} View */

/** @param {() => Promise<View>} load @returns {View} */
export function later(load) {
  /** @type {View | null} */
  let known = null;
  return function Later(props) {
    const [view, setView] = useState(() => known);
    const [isAway, setAway] = useState(false);
    useEffect(() => {
      if (known !== null) return;
      load().then(
        (found) => {
          known = found;
          setView(() => found);
        },
        () => setAway(true),
      );
    }, []);
    if (isAway) return html`<${Problem} error=${AWAY} retry=${() => location.reload()} />`;
    return view === null ? html`<p class="quiet" role="status">Loading…</p>` : html`<${view} ...${props} />`;
  };
}

const AWAY = new Error(
  'The files of this page could not be fetched: the server is away, or is another version by now.',
);
