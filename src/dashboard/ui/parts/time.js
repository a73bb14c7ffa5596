/** A moment, as seen from now; the exact one on hover, in this machine's zone. */
import { agoText, exactText, spanText } from '../format.js';
import { html } from '../html.js';
import { useNow } from '../use-loaded.js';

/** @param {{ at: string | null, none?: string }} props */
export function Time({ at, none = '–' }) {
  const now = useNow();
  if (at === null) return html`<span class="quiet">${none}</span>`;
  return html`<time datetime=${at} title=${exactText(at)}>${agoText(Date.parse(at), now)}</time>`;
}

/** How long from `from` to `to`, or until now. @param {{ from: string | null, to: string | null }} props */
export function Span({ from, to }) {
  const now = useNow();
  if (from === null) return html`<span class="quiet">–</span>`;
  return html`<span title=${`${exactText(from)} – ${to === null ? 'now' : exactText(to)}`}>${spanText((to === null ? now : Date.parse(to)) - Date.parse(from))}</span>`;
}
