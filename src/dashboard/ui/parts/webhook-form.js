/** The fields of a webhook, for making one and for changing one. */
import { html } from '../html.js';
import { tagsOf, tagsText } from '../tags-text.js';

/** @typedef {import('bide/client').WebhookDraft} WebhookDraft */
/** @typedef {import('bide/client').WebhookEventWord} Word */

/** @type {readonly (readonly [Word, string])[]} */
export const EVENTS = [
  ['job.succeeded', 'it worked'],
  ['job.failed', 'it failed for good'],
  ['job.cancelled', 'somebody cancelled it'],
  ['job.expired', 'its deadline passed'],
  ['job.running', 'an attempt began'],
  ['job.waiting', 'it waits, new or again'],
  ['job.progressed', 'progress was told'],
];
/** In whose words it is told. @type {readonly (readonly [string, string])[]} */
const DIALECTS = [
  ['native', 'Bide’s own'],
  ['openai', 'OpenAI’s (response.completed and the like)'],
];
const FINAL = new Set(['job.succeeded', 'job.failed', 'job.cancelled', 'job.expired']);

/** `a, b` @param {string} text */
const wordsOf = (text) =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/** @param {FormData} form @returns {Required<Omit<WebhookDraft, 'secret'>>} */
export function draftOf(form) {
  return {
    url: String(form.get('url') ?? '').trim(),
    events: EVENTS.map(([word]) => word).filter((word) => form.has(word)),
    dialect: String(form.get('dialect') ?? 'native'),
    types: wordsOf(String(form.get('types') ?? '')),
    tags: tagsOf(String(form.get('tags') ?? '')),
  };
}

/** One that a webhook has, and this page does not know, stays. @param {string} name */
const dialectsWith = (name) =>
  DIALECTS.some(([known]) => known === name) ? DIALECTS : [...DIALECTS, /** @type {const} */ ([name, name])];

/** @param {{ webhook?: import('bide/client').WebhookBody }} props */
export function WebhookFields({ webhook }) {
  const chosen = webhook === undefined ? FINAL : new Set(/** @type {readonly string[]} */ (webhook.events));
  return html`
    <label class="field"><span>URL</span><input name="url" type="url" required autofocus defaultValue=${webhook?.url ?? ''} placeholder="https://example.com/hooks/bide" autocomplete="off" /><span class="hint">Gets a signed POST for each event.</span></label>
    <fieldset><legend>Events</legend>
      <div class="checks wide">${EVENTS.map(
        ([word, hint]) =>
          html`<label key=${word} class="check"><input type="checkbox" name=${word} defaultChecked=${chosen.has(word)} /><span><strong>${word}</strong> <span class="quiet small">${hint}</span></span></label>`,
      )}</div>
    </fieldset>
    <label class="field"><span>Words</span><select name="dialect">${dialectsWith(webhook?.dialect ?? 'native').map(
      ([name, words]) =>
        html`<option key=${name} value=${name} selected=${name === (webhook?.dialect ?? 'native')}>${words}</option>`,
    )}</select><span class="hint">How a receiver is told: other words are for receivers that were written for them.</span></label>
    <label class="field"><span>Types</span><input name="types" defaultValue=${(webhook?.types ?? []).join(', ')} placeholder="all" autocomplete="off" /><span class="hint">Only jobs of these types, with commas between them. Empty: all.</span></label>
    <label class="field"><span>Tags</span><input name="tags" defaultValue=${tagsText(webhook?.tags ?? {})} placeholder="customer=acme" autocomplete="off" /><span class="hint">Only jobs that have each of these. Empty: all.</span></label>`;
}
