/** Below a page of a list whose place is in the address: the next page, and the way back to the first. */
import { html } from '../html.js';
import { setQuery, usePlace } from '../router.js';

/** @param {{ next: string | null, text: string, first?: string, more?: string }} props */
export function Pages({ next, text, first = 'Newest', more = 'Older' }) {
  const hasCursor = usePlace().query.has('cursor');
  if (!hasCursor && next === null) return null;
  return html`<footer>
    <span>${text}</span>
    <span class="row">
      ${hasCursor && html`<button type="button" class="small" onClick=${() => setQuery({ cursor: null })}>${first}</button>`}
      <button type="button" class="small" disabled=${next === null} onClick=${() => setQuery({ cursor: next })}>${more}</button>
    </span>
  </footer>`;
}
