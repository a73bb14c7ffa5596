/** How far something has come: as a bar and as a number. */
import { html } from '../html.js';

/** @param {{ percent: number }} props */
export const Bar = ({
  percent,
}) => html`<progress class="bar" max="100" value=${percent} aria-label=${`${Math.round(percent)} %`}></progress>
  <span class="number small">${Math.round(percent)} %</span>`;
