/** The jobs that this one comes after, and those that come after it. */
import { html } from '../html.js';
import { useShared } from '../shared.js';
import { useLoaded } from '../use-loaded.js';
import { usePages } from '../use-pages.js';
import { JobRows } from './job-rows.js';
import { More } from './more.js';
import { Problem } from './notice.js';

/** @typedef {import('bide/client').JobBody} JobBody */
/** @typedef {import('bide/client').UnknownJob} UnknownJob */

/** While it waits for some of them. */
const EVERY_MS = 3_000;
const ROWS = 20;

/** @param {{ job: JobBody }} props */
export const JobFamily = ({ job }) =>
  html`${job.after !== undefined && html`<${Parents} job=${job} />`}<${Children} job=${job} />`;

/** @param {{ job: JobBody }} props */
function Parents({ job: { id, state, after = [], afterPolicy, waitingFor } }) {
  const { api } = useShared();
  const isWaiting = waitingFor !== undefined && 'parents' in waitingFor;
  const { value, error, reload } = useLoaded((signal) => api.parents(id, { signal }), [api, id, state], {
    everyMs: isWaiting ? EVERY_MS : null,
  });
  const known = (value ?? []).filter(isKnown);
  const gone = (value ?? []).length - known.length;
  return html`<section class="card" aria-label="Comes after">
    <header><h2>Comes after ${after.length === 1 ? 'a job' : `${after.length} jobs`}</h2><span class="quiet">${afterPolicy === 'final' ? 'once they have ended, however' : 'once they have succeeded'}</span></header>
    <${Problem} error=${error} retry=${reload} />
    ${known.length > 0 && html`<${JobRows} jobs=${known} />`}
    ${gone > 0 && html`<footer>${gone === 1 ? 'One is' : `${gone} are`} no longer kept.</footer>`}
  </section>`;
}

/** @param {JobBody | UnknownJob} job @returns {job is JobBody} */
const isKnown = (job) => job.state !== 'unknown';

/** Few jobs have any. @param {{ job: JobBody }} props */
function Children({ job: { id, state } }) {
  const { api } = useShared();
  const pages = usePages((signal) => api.children(id, { pageSize: ROWS, signal }), [api, id, state], ROWS);
  const { rows, error, reload } = pages;
  if (error === null && (rows === undefined || rows.length === 0)) return null;
  return html`<section class="card" aria-label="Come after it">
    <header><h2>Jobs that come after it</h2></header>
    <${Problem} error=${error} retry=${reload} />
    ${rows !== undefined && rows.length > 0 && html`<${JobRows} jobs=${rows} />`}
    <${More} pages=${pages} name="jobs" />
  </section>`;
}
