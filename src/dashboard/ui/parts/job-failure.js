/** Why a job failed: the code for programs, the message for people, the details for whoever looks into it. */
import { html } from '../html.js';
import { Code } from './copy.js';
import { cut } from './payload.js';

/** @param {{ error: import('bide/client').JobErrorBody, isOver: boolean }} props */
export function JobFailure({ error: { code, message, details }, isOver }) {
  const stack = stackOf(details);
  const rest = stack === null ? details : { .../** @type {Record<string, unknown>} */ (details), stack: undefined };
  const text = rest === null ? '{}' : JSON.stringify(rest, null, 2);
  return html`<section class="card">
    <header><h2>${isOver ? 'Error' : 'The last attempt failed'}</h2><code class="failure">${code}</code></header>
    <div class="body stack">
      <p class="message">${cut(message)}</p>
      ${stack !== null && html`<${Code} text=${cut(stack)} />`}
      ${text !== '{}' && html`<${Code} text=${cut(text)} />`}
    </div>
  </section>`;
}

/** @param {unknown} details @returns {string | null} */
function stackOf(details) {
  const isRecord = typeof details === 'object' && details !== null && 'stack' in details;
  return isRecord && typeof details.stack === 'string' ? details.stack : null;
}
