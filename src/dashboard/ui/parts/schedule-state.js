/** Whether a schedule goes on, and whose it is. */
import { exactText } from '../format.js';
import { html } from '../html.js';

/** @param {{ schedule: import('bide/client').ScheduleBody }} props */
export function ScheduleState({ schedule: { paused, pausedAt, next, source } }) {
  return html`<span class="row nowrap start">
    ${
      paused
        ? html`<span class="badge warn" title=${pausedAt === null ? null : `Since ${exactText(pausedAt)}`}>paused</span>`
        : next.length === 0
          ? html`<span class="badge" title="No tick comes any more">over</span>`
          : html`<span class="badge good">on</span>`
    }
    ${source === 'config' ? html`<span class="chip" title="Kept by the config, and changed there">config</span>` : null}
  </span>`;
}
