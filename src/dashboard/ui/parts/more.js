/** Below a list that is longer than what is shown. */
import { countText } from '../format.js';
import { html } from '../html.js';

/** @param {{ pages: import('../use-pages.js').Paged<unknown>, name: string }} props */
export function More({ pages: { rows, hasMore, isLoading, more }, name }) {
  if (rows === undefined || rows.length === 0) return null;
  return html`<footer>
    <span class="number">${countText(rows.length)} ${name}${hasMore ? ', and more' : ''}</span>
    ${hasMore ? html`<button type="button" class="small" disabled=${isLoading} onClick=${more}>${isLoading ? 'Loading…' : 'Show more'}</button>` : null}
  </footer>`;
}
