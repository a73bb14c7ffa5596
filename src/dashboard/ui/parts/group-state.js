/** Where a group stands, and how it ended. */
import { html } from '../html.js';

/** @param {{ group: import('bide/client').GroupBody }} props */
export function GroupState({ group: { state, outcome } }) {
  if (state === 'open') return html`<span class="badge" title="Takes more jobs">open</span>`;
  if (state === 'running') return html`<span class="badge busy">running</span>`;
  return html`<span class="badge ${outcome === 'succeeded' ? 'good' : 'bad'}">${outcome}</span>`;
}
