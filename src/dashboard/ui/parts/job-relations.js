/** Jobs that this one comes from or belongs to, each kind a line. */
import { html } from '../html.js';
import { Link } from '../router.js';

/** @typedef {import('bide/client').JobBody} JobBody */

/** What stands in the body of a job; each further kind is one more entry. @param {JobBody} job @returns {readonly (readonly [title: string, ids: readonly string[]])[]} */
const relationsOf = ({ resubmitOf }) => [['Copy of', resubmitOf === undefined ? [] : [resubmitOf]]];

/** @param {{ job: JobBody }} props */
export const JobRelations = ({ job }) =>
  relationsOf(job)
    .filter(([, ids]) => ids.length > 0)
    .map(
      ([title, ids]) => html`<dt key=${title}>${title}</dt>
        <dd class="chips">${ids.map((id) => html`<${Link} key=${id} to=${`/jobs/${encodeURIComponent(id)}`} class="mono">${id}<//>`)}</dd>`,
    );
