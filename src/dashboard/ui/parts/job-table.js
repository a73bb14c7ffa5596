/** Jobs as rows. A row that is shown stays where it is, whatever becomes of its job. */
import { shortId } from '../format.js';
import { html } from '../html.js';
import { tagWord } from '../job-query.js';
import { Link, setQuery } from '../router.js';
import { may } from '../session.js';
import { useShared } from '../shared.js';
import { waitText } from '../wait-text.js';
import { StateBadge } from './badge.js';
import { Bar } from './bar.js';
import { Span, Time } from './time.js';

/** @typedef {import('bide/client').JobBody} JobBody */

/** More would make a row a page. */
const TAGS_SHOWN = 3;
const TEXT_SHOWN = 200;

/**
 * @param {{ jobs: readonly JobBody[], selected: ReadonlySet<string>, onSelect: (selected: ReadonlySet<string>) => void }} props
 */
export function JobTable({ jobs, selected, onSelect }) {
  const { session } = useShared();
  const mayChange = may(session, 'submit');
  const isAll = jobs.every(({ id }) => selected.has(id));
  /** @param {string} id */
  const toggle = (id) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    onSelect(next);
  };
  const toggleAll = () => onSelect(new Set(isAll ? [] : jobs.map(({ id }) => id)));
  return html`<div class="table-wrap"><table class="jobs">
    <thead><tr>
      ${mayChange && html`<th class="tight"><input type="checkbox" aria-label="Select all on this page" checked=${isAll} onChange=${toggleAll} /></th>`}
      <th class="w-state">State</th><th class="w-type">Type</th><th class="w-id">Job</th><th class="w-tags">Tags</th><th class="w-number right">Attempt</th><th class="w-time right">Age</th><th class="w-time right">Run time</th><th>Progress or error</th>
    </tr></thead>
    <tbody>${jobs.map((job) => html`<${Row} key=${job.id} job=${job} isSelected=${selected.has(job.id)} onToggle=${mayChange ? toggle : null} />`)}</tbody>
  </table></div>`;
}

/** @param {{ job: JobBody, isSelected: boolean, onToggle: ((id: string) => void) | null }} props */
function Row({ job, isSelected, onToggle }) {
  const { id, state, type } = job;
  return html`<tr data-job=${id} data-selected=${isSelected}>
    ${onToggle !== null && html`<td class="tight"><input type=\"checkbox\" aria-label=${`Select ${id}`} checked=${isSelected} onChange=${() => onToggle(id)} /></td>`}
    <td><${StateBadge} state=${state} note=${job.cancelRequestedAt === null || job.finishedAt !== null ? null : 'A cancel is under way'} /></td>
    <td title=${type}>${type}</td>
    <td><${Link} to=${`/jobs/${id}`} class="mono" title=${id}>${shortId(id)}<//></td>
    <td><${TagChips} tags=${job.tags} /></td>
    <td class="right">${job.attempt} / ${job.attemptsMax}</td>
    <td class="right"><${Time} at=${job.createdAt} /></td>
    <td class="right"><${RunTime} job=${job} /></td>
    <td><${Outcome} job=${job} /></td>
  </tr>`;
}

/** @param {{ tags: Readonly<Record<string, string>> }} props */
function TagChips({ tags }) {
  const all = Object.entries(tags);
  if (all.length === 0) return html`<span class="quiet">–</span>`;
  return html`<span class="chips single">
    ${all.slice(0, TAGS_SHOWN).map(([name, value]) => html`<${TagChip} key=${name} name=${name} value=${value} />`)}
    ${all.length > TAGS_SHOWN && html`<span class="quiet small" title=${all.map(([name, value]) => `${name}: ${value}`).join('\n')}>+${all.length - TAGS_SHOWN}</span>`}
  </span>`;
}

/** Filters the list when it is pressed. @param {{ name: string, value: string }} props */
const TagChip = ({ name, value }) =>
  html`<button type="button" class="chip" title=${`Only jobs with ${name}: ${value}`} onClick=${() => setQuery({ tag: tagWord(name, value), cursor: null })}><span class="truncate">${name}: ${value}</span></button>`;

/** @param {{ job: JobBody }} props */
export function RunTime({ job: { state, startedAt, finishedAt } }) {
  const isTimed = startedAt !== null && (state === 'running' || finishedAt !== null);
  return isTimed ? html`<${Span} from=${startedAt} to=${finishedAt} />` : html`<span class="quiet">–</span>`;
}

/** How far it is, or why it failed. @param {{ job: JobBody }} props */
export function Outcome({ job }) {
  if (job.error === null) return html`<${Progress} job=${job} />`;
  const { code, message } = job.error;
  return html`<span class="failure" title=${`${code}: ${message}`}><code>${code}</code> ${message.slice(0, TEXT_SHOWN)}</span>`;
}

/** @param {{ job: JobBody }} props */
function Progress({ job: { progress, state, waitingFor } }) {
  if (waitingFor !== undefined)
    return html`<span class="quiet" title=${`Waits for ${waitText(waitingFor)}`}>${waitText(waitingFor)}</span>`;
  if (state !== 'running') return html`<span class="quiet">–</span>`;
  return html`<span class="progress" title=${progress.message}>
    <${Bar} percent=${progress.percent} />
    <span class="quiet small truncate">${progress.message?.slice(0, TEXT_SHOWN)}</span>
  </span>`;
}
