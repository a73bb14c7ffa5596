/** What can be done about one job, as far as the key may. */
import { useState } from 'preact/hooks';
import { EFFECTIVE } from '../bulk-run.js';
import { html } from '../html.js';
import { go } from '../router.js';
import { may } from '../session.js';
import { useShared } from '../shared.js';
import { CopyAs } from './copy-as.js';
import { Confirm } from './dialog.js';
import { say, sayFailed } from './notice.js';
import { Resubmit } from './resubmit.js';

/** @typedef {import('bide/client').JobBody} JobBody */

/** @param {{ job: JobBody, onChanged: (job: JobBody) => void }} props */
export function JobActions({ job, onChanged }) {
  const { api, session } = useShared();
  const [asked, ask] = useState(/** @type {'cancel' | 'remove' | 'resubmit' | 'copy' | null} */ (null));
  const [isBusy, setBusy] = useState(false);
  const close = () => ask(null);
  const retry = async () => {
    setBusy(true);
    try {
      onChanged(await api.retry(job.id));
      say('It runs again.');
    } catch (error) {
      sayFailed(error);
    } finally {
      setBusy(false);
    }
  };
  const cancel = async () => onChanged(await api.cancel(job.id));
  const remove = async () => {
    await api.remove(job.id);
    say('The job is removed.');
    go('/jobs');
  };
  /** @param {import('bide/client').BulkAction} action */
  const can = (action) => may(session, 'submit') && EFFECTIVE[action].includes(job.state);
  return html`<div class="row" role="group" aria-label="Actions">
    ${can('cancel') && html`<button type="button" class="danger" disabled=${job.cancelRequestedAt !== null} onClick=${() => ask('cancel')}>${job.cancelRequestedAt === null ? 'Cancel' : 'Cancelling…'}</button>`}
    ${can('retry') && html`<button type="button" class="primary" disabled=${isBusy} onClick=${retry}>Retry</button>`}
    ${may(session, 'submit') && html`<button type="button" onClick=${() => ask('resubmit')}>Resubmit…</button>`}
    ${may(session, 'read:payload') && html`<button type="button" onClick=${() => ask('copy')}>Copy as…</button>`}
    ${can('remove') && html`<button type="button" class="danger" onClick=${() => ask('remove')}>Remove</button>`}
    ${
      asked === 'cancel' &&
      html`<${Confirm} title="Cancel this job?" action="Cancel the job" isDangerous=${true} onConfirm=${cancel} onClose=${close}>
        <p>${job.state === 'running' ? 'It is told to stop, and its worker is waited for a moment.' : 'It is never run.'}</p>
      <//>`
    }
    ${
      asked === 'remove' &&
      html`<${Confirm} title="Remove this job?" action="Remove the job" isDangerous=${true} onConfirm=${remove} onClose=${close}>
        <p>It is gone with its result, log and history. This cannot be undone.</p>
      <//>`
    }
    ${asked === 'resubmit' && html`<${Resubmit} job=${job} onClose=${close} />`}
    ${asked === 'copy' && html`<${CopyAs} job=${job} onClose=${close} />`}
  </div>`;
}
