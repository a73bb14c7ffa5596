/** How far a change of many jobs has come. It goes on without this page. */
import { useEffect, useState } from 'preact/hooks';
import { html } from '../html.js';
import { Link } from '../router.js';

/** @param {{ run: import('../bulk-run.js').BulkRun, onClose: () => void }} props */
export function BulkProgress({ run, onClose }) {
  const [step, setStep] = useState(/** @type {import('../bulk-run.js').BulkStep | null} */ (null));
  useEffect(() => run.watch(setStep), [run]);
  if (step === null) return null;
  return html`<div class="note ${step.tone}" role="status">
    <div class="grow stack-small">
      <strong>${run.title}</strong>
      ${step.isOver ? null : html`<progress class="bar" max="100" value=${step.percent} aria-label="How far it has come"></progress>`}
      <p class="quiet small">${step.text}</p>
    </div>
    ${run.jobId === null ? null : html`<${Link} to=${`/jobs/${run.jobId}`} class="small">Its job<//>`}
    ${step.isOver && html`<button type="button" class="small" onClick=${onClose}>Close</button>`}
  </div>`;
}
