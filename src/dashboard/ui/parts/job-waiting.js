/** Why a job waits for more than its time and its turn, and a form for what somebody has to say. */
import { useState } from 'preact/hooks';
import { html } from '../html.js';
import { jsonFault, parseExactly } from '../json-text.js';
import { Link } from '../router.js';
import { may } from '../session.js';
import { useShared } from '../shared.js';
import { useIsFlowing } from '../use-live.js';
import { useLoaded } from '../use-loaded.js';
import { FormDialog } from './form-dialog.js';
import { say } from './notice.js';
import { Time } from './time.js';

/** @typedef {import('bide/client').JobBody} JobBody */

/** @param {{ job: JobBody, onChanged: (job: JobBody) => void }} props */
export function JobWaiting({ job, onChanged }) {
  const { waitingFor } = job;
  if (waitingFor !== undefined && 'signal' in waitingFor)
    return html`<${Signal} job=${job} what=${waitingFor} onChanged=${onChanged} />`;
  if (waitingFor !== undefined && 'parents' in waitingFor)
    return html`<${Why} title="Waits for the jobs that it comes after">It runs when they have ended as it needs, and fails where one does not.<//>`;
  return WAITING.includes(job.state) ? html`<${HeldBack} job=${job} />` : null;
}

const WAITING = ['queued', 'retrying'];
/** What holds a job back comes and goes without a change of the job. */
const EVERY_MS = 3_000;

/** @param {{ title: unknown, children: unknown }} props */
const Why = ({ title, children }) =>
  html`<section class="note" aria-label="Why it waits"><div class="grow"><strong>${title}</strong><p>${children}</p></div></section>`;

/** @param {{ job: JobBody }} props */
function HeldBack({ job: { id, revision } }) {
  const { api } = useShared();
  const isFlowing = useIsFlowing();
  const { value } = useLoaded((signal) => api.get(id, { signal }), [api, id, revision], {
    everyMs: isFlowing ? EVERY_MS : null,
  });
  const what = value?.waitingFor;
  if (what === undefined || value?.id !== id) return null;
  if ('sequence' in what)
    return html`<${Why} title=${html`Waits for jobs before it in the sequence <code>${what.sequence}</code>`}>They run one after another.<//>`;
  if ('type' in what) return html`<${OfType} what=${what} />`;
  if (!('limit' in what)) return null;
  const key = html`<${Link} to="/limits"><code>${what.limit}</code><//>`;
  if (what.reason === 'full')
    return html`<${Why} title=${html`Waits for its limit: the key ${key} is full`}>As many jobs of the key run, or have started, as it lets. This one runs when it is its turn.<//>`;
  return html`<${Why} title=${html`Waits for its limit: the key ${key} is closed`}>${what.until === null ? 'Nothing of it starts until somebody opens it.' : html`Nothing of it starts before it opens, <${Time} at=${what.until} />.`}<//>`;
}

/** @param {{ what: { type: string, reason: 'paused' | 'full' } }} props */
function OfType({ what: { type, reason } }) {
  const name = html`<${Link} to=${`/types/${encodeURIComponent(type)}`}><code>${type}</code><//>`;
  if (reason === 'paused')
    return html`<${Why} title=${html`Waits because its type ${name} is paused`}>Nothing of it starts until somebody resumes it.<//>`;
  return html`<${Why} title=${html`Waits for the limit of its type ${name}`}>As many jobs of the type run, or have started, as it lets. This one runs when it is its turn.<//>`;
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
