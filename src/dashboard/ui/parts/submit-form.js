/** Submits a job of one type: by fields where its schema says which, by JSON where it does not. */
import { ClientError } from 'bide/client';
import { useState } from 'preact/hooks';
import { JsonText, jsonOf } from '../form-value.js';
import { html } from '../html.js';
import { go } from '../router.js';
import { shapeOf, startOf } from '../schema-shape.js';
import { useShared } from '../shared.js';
import { tagsOf } from '../tags-text.js';
import { SchemaField } from './form-from-schema.js';
import { Problem, say } from './notice.js';

/** @typedef {import('../schema-shape.js').Schema} Schema */
/** @typedef {import('../form-value.js').Issue} Issue */
/** @typedef {{ input: unknown, tags: string, delayS: string }} Draft */

/** What the server says of fields; null where it says something else. @param {unknown} error @returns {readonly Issue[] | null} */
function issuesOf(error) {
  const errors = error instanceof ClientError && error.code === 'INPUT_INVALID' ? error.details.errors : null;
  return Array.isArray(errors) ? errors : null;
}

/** @param {{ type: import('bide/client').TypeBody }} props */
export function SubmitForm({ type }) {
  const { api } = useShared();
  const schema = /** @type {Schema | null} */ (type.inputSchema);
  const hasFields = schema !== null && shapeOf(schema).kind === 'group';
  const start = hasFields ? startOf(schema) : new JsonText('');
  const [draft, setDraft] = useState(/** @type {Draft} */ ({ input: start, tags: '', delayS: '' }));
  const [issues, setIssues] = useState(/** @type {readonly Issue[]} */ ([]));
  const [error, setError] = useState(/** @type {unknown} */ (null));
  const [isBusy, setBusy] = useState(false);
  const isText = draft.input instanceof JsonText;
  const change = (/** @type {Partial<Draft>} */ changed) => setDraft((before) => ({ ...before, ...changed }));
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    const { json, issues: wrong } = jsonOf(draft.input);
    setIssues(wrong);
    setError(null);
    if (wrong.length > 0) return;
    const options = {
      tags: tagsOf(draft.tags),
      ...(draft.delayS === '' ? {} : { delayMs: 1_000 * Number(draft.delayS) }),
    };
    setBusy(true);
    try {
      const job = await api.submit({ type: type.name, ...(json === undefined ? {} : { input: json }), ...options });
      say('The job is submitted.', job.id);
      go(`/jobs/${encodeURIComponent(job.id)}`);
    } catch (reason) {
      setIssues(issuesOf(reason) ?? []);
      setError(reason);
      setBusy(false);
    }
  };
  /** Goes on with what was written. */
  const turn = () => {
    const { json, issues: wrong } = jsonOf(draft.input);
    setIssues(wrong);
    if (wrong.length > 0) return;
    change({ input: isText ? (json ?? startOf(schema ?? {})) : new JsonText(JSON.stringify(json ?? null, null, 2)) });
  };
  return html`<form class="form" onSubmit=${submit} novalidate aria-label=${`Submit a job of ${type.name}`}>
    ${
      hasFields
        ? html`<div class="segments" role="group" aria-label="How to write the input">
      <button type="button" aria-pressed=${String(!isText)} onClick=${() => isText && turn()}>Fields</button>
      <button type="button" aria-pressed=${String(isText)} onClick=${() => isText || turn()}>JSON</button>
    </div>`
        : null
    }
    <${Problem} error=${error} />
    ${isText ? html`<${RawInput} value=${draft.input} issues=${issues} onChange=${(/** @type {unknown} */ input) => change({ input })} />` : html`<${SchemaField} schema=${schema} value=${draft.input} onChange=${(/** @type {unknown} */ input) => change({ input })} path="" label="Input" isRequired=${true} issues=${issues} />`}
    <details>
      <summary>Tags and delay</summary>
      <div class="form details">
        <label class="field"><span>Tags</span><input value=${draft.tags} placeholder="customer=acme, batch=7" onInput=${valueTo((tags) => change({ tags }))} /></label>
        <label class="field"><span>Start after (seconds)</span><input type="number" min="0" step="any" value=${draft.delayS} placeholder="0" onInput=${valueTo((delayS) => change({ delayS }))} /></label>
      </div>
    </details>
    <div class="actions"><button class="primary" disabled=${isBusy}>${isBusy ? 'Submitting…' : 'Submit job'}</button></div>
  </form>`;
}

/** @param {(value: string) => void} set @returns {(event: Event) => void} */
const valueTo =
  (set) =>
  ({ currentTarget }) =>
    set(/** @type {HTMLInputElement} */ (currentTarget).value);

/** @param {{ value: unknown, issues: readonly Issue[], onChange: (value: JsonText) => void }} props */
function RawInput({ value, issues, onChange }) {
  const text = value instanceof JsonText ? value.text : '';
  return html`<label class="field">
    <span>Input (JSON)</span>
    <textarea spellcheck=${false} placeholder="{}" value=${text} onInput=${valueTo((next) => onChange(new JsonText(next)))}></textarea>
    ${issues.map(({ path, message }) => html`<span key=${path + message} class="wrong" role="alert">${path === '' ? 'The input' : path} ${message}</span>`)}
  </label>`;
}
