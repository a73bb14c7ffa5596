/** The fields of a limit, and what they say as the server takes it. */
import { html } from '../html.js';

/** @param {FormData} form @returns {import('bide/client').LimitBounds} */
export function boundsOf(form) {
  const number = (/** @type {string} */ name) => (form.get(name) === '' ? null : Number(form.get(name)));
  const [concurrency, count, seconds] = [number('concurrency'), number('count'), number('seconds')];
  return { concurrency, rate: count === null ? null : { count, perMs: Math.round(1_000 * (seconds ?? 1)) } };
}

/** @param {{ limit: import('bide/client').LimitBody | null }} props */
export const LimitFields = ({ limit }) => html`
  ${limit === null && html`<label class="field"><span>Key</span><input name="key" required autofocus placeholder="customer-42" autocomplete="off" spellcheck=${false} /></label>`}
  <label class="field"><span>Jobs at once</span><input name="concurrency" type="number" min="1" step="1" defaultValue=${limit?.concurrency ?? ''} placeholder="any number" /><span class="hint">Over all servers. Empty: any number.</span></label>
  <label class="field"><span>Starts</span><input name="count" type="number" min="1" step="1" defaultValue=${limit?.rate?.count ?? ''} placeholder="any number" /></label>
  <label class="field"><span>In so many seconds</span><input name="seconds" type="number" min="0.001" step="any" defaultValue=${limit?.rate === null || limit === null ? '' : limit.rate.perMs / 1_000} placeholder="1" /><span class="hint">It holds from now on, whatever jobs say.</span></label>`;
