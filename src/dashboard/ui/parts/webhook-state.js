/** Whether an endpoint gets its events. */
import { exactText } from '../format.js';
import { html } from '../html.js';

/** @param {{ webhook: import('bide/client').WebhookBody }} props */
export function WebhookState({ webhook: { disabled, failingSince } }) {
  if (disabled !== null) return html`<span class="badge" title=${disabled.reason}>disabled</span>`;
  if (failingSince !== null)
    return html`<span class="badge bad" title=${`Since ${exactText(failingSince)}`}>failing</span>`;
  return html`<span class="badge good">on</span>`;
}
