/** Why a job waits for more than its time and its turn, and a form for what somebody has to say. */
import { useState } from 'preact/hooks';
import { html } from '../html.js';
import { jsonFault, parseExactly } from '../json-text.js';
import { may } from '../session.js';
import { useShared } from '../shared.js';
import { FormDialog } from './form-dialog.js';
import { say } from './notice.js';
import { Time } from './time.js';

/** @typedef {import('bide/client').JobBody} JobBody */

/** @param {{ job: JobBody, onChanged: (job: JobBody) => void }} props */
export function JobWaiting({ job, onChanged }) {
  const { waitingFor } = job;
  if (waitingFor === undefined) return null;
  if ('signal' in waitingFor) return html`<${Signal} job=${job} what=${waitingFor} onChanged=${onChanged} />`;
  return html`<section class="note" aria-label="Why it waits"><div class="grow"><strong>Waits for the jobs that it comes after</strong><p>It runs when they have ended as it needs, and fails where one does not.</p></div></section>`;
}

/** @param {{ job: JobBody, what: { signal: string, until: string }, onChanged: (job: JobBody) => void }} props */
function Signal({ job, what: { signal, until }, onChanged }) {
  const { api, session } = useShared();
  const [isAsking, ask] = useState(false);
  /** @param {FormData} form */
  const send = async (form) => {
    const text = String(form.get('value')).trim();
    const fault = text === '' ? null : jsonFault(text);
    if (fault !== null) throw new Error(`The value is no JSON: ${fault}`);
    onChanged(await api.signal(job.id, signal, text === '' ? null : parseExactly(text)));
    say(`The signal ${signal} is sent.`);
    ask(false);
  };
  return html`<section class="note warn" aria-label="Why it waits">
    <div class="grow"><strong>Waits for the signal <code>${signal}</code></strong><p>It holds no slot, and goes on when somebody sends it, or without it <${Time} at=${until} />.</p></div>
    ${may(session, 'submit') && html`<button type="button" class="primary" onClick=${() => ask(true)}>Send it…</button>`}
    ${
      isAsking &&
      html`<${FormDialog} title=${`Send ${signal}`} action="Send the signal" onSubmit=${send} onClose=${() => ask(false)}>
        <label class="field"><span>Value (JSON)</span><textarea name="value" class="short" autofocus spellcheck=${false} placeholder='{"by": "ada", "isApproved": true}'></textarea><span class="hint">What the job gets. Empty: null.</span></label>
      <//>`
    }
  </section>`;
}
