/** Chooses states of jobs; what is chosen stands in the address. */
import { html } from '../html.js';
import { STATES } from '../job-query.js';
import { setQuery } from '../router.js';

/** @param {{ chosen: readonly string[] }} props */
export function StateChips({ chosen }) {
  /** @param {string} state */
  const toggle = (state) => {
    const next = chosen.includes(state) ? chosen.filter((one) => one !== state) : [...chosen, state];
    setQuery({ state: next, cursor: null });
  };
  return html`<div class="chips" role="group" aria-label="State">
    ${STATES.map((state) => html`<button key=${state} type="button" class="chip" aria-pressed=${chosen.includes(state)} onClick=${() => toggle(state)}>${state}</button>`)}
  </div>`;
}
