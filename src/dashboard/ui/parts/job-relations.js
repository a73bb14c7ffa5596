/** Jobs and other things that this one comes from or belongs to, each kind a line. */
import { html } from '../html.js';
import { Link } from '../router.js';

/** @typedef {import('bide/client').JobBody} JobBody */
/** @typedef {{ title: string, to: string, text: string }} Relation */

/** What stands in the body of a job; each further kind is one more entry. @param {JobBody} job @returns {readonly Relation[]} */
const relationsOf = ({ resubmitOf, schedule, group }) => [
  ...(resubmitOf === undefined ? [] : [{ title: 'Copy of', to: `/jobs/${resubmitOf}`, text: resubmitOf }]),
  ...(schedule === undefined
    ? []
    : [{ title: 'Schedule', to: `/schedules/${encodeURIComponent(schedule.name)}`, text: schedule.name }]),
  ...(group === undefined ? [] : [{ title: 'Group', to: `/groups/${group}`, text: group }]),
];

/** @param {{ job: JobBody }} props */
export const JobRelations = ({ job }) =>
  relationsOf(job).map(
    ({ title, to, text }) => html`<dt key=${title}>${title}</dt><dd key=${to}><${Link} to=${to}>${text}<//></dd>`,
  );
