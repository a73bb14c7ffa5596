/** Submits a copy of a job, as it was or with another input. */
import { useEffect, useState } from 'preact/hooks';
import { html } from '../html.js';
import { jsonFault, parseExactly, prettyJson } from '../json-text.js';
import { go } from '../router.js';
import { may } from '../session.js';
import { useShared } from '../shared.js';
import { useLoaded } from '../use-loaded.js';
import { Dialog } from './dialog.js';
import { Problem, say } from './notice.js';
import { previewOf } from './payload.js';

/** @param {{ job: import('bide/client').JobBody, onClose: () => void }} props */
export function Resubmit({ job, onClose }) {
  const { api, session } = useShared();
  const mayRead = may(session, 'read:payload');
  const { value, error } = useLoaded(
    async (signal) => (mayRead ? previewOf(await api.openInput(job.id, { signal })) : null),
    [api, job.id],
  );
  const before = value?.isWhole && value.text !== null ? (prettyJson(value.text) ?? value.text) : null;
  const [text, setText] = useState(/** @type {string | null} */ (null));
  const [failure, setFailure] = useState(/** @type {unknown} */ (null));
  const [isBusy, setBusy] = useState(false);
  useEffect(() => setText(before), [before]);
  const isChanged = text !== null && text !== before;
  const fault = isChanged ? jsonFault(text) : null;
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    if (fault !== null) return;
    setBusy(true);
    try {
      const copy = await api.resubmit(job.id, isChanged ? { input: parseExactly(text) } : {});
      say('A copy is submitted.');
      go(`/jobs/${copy.id}`);
    } catch (reason) {
      setFailure(reason);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${`Resubmit ${job.type}`} onClose=${onClose}>
    <form class="bare" onSubmit=${submit}>
      <${Problem} error=${failure ?? error} />
      ${
        text === null
          ? html`<p class="quiet">${value === undefined && error === null ? 'Loading the input…' : 'The input is too large to edit here, or hidden from your key: the copy has the same.'}</p>`
          : html`<label class="field">
            <span>Input</span>
            <textarea class="tall" spellcheck=${false} aria-invalid=${fault !== null} value=${text} onInput=${(/** @type {Event} */ event) => setText(/** @type {HTMLTextAreaElement} */ (event.currentTarget).value)}></textarea>
            ${fault !== null && html`<span class="wrong" role="alert">${fault}</span>`}
          </label>`
      }
      <p class="quiet small">Tags, priority and limits are those of this job. It stays as it is.</p>
      <div class="actions">
        <button type="button" onClick=${onClose}>Leave it</button>
        <button class="primary" disabled=${isBusy || fault !== null || (value === undefined && error === null)}>${isChanged ? 'Submit with this input' : 'Submit as it was'}</button>
      </div>
    </form>
  <//>`;
}
