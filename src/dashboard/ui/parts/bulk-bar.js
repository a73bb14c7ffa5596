/** What can be done to the jobs that are selected, or to all that fit. Every change names how many jobs it means before it is made. */
import { useEffect, useState } from 'preact/hooks';
import { EFFECTIVE, jobsText, runAll, runSome, WORDS } from '../bulk-run.js';
import { html } from '../html.js';
import { may } from '../session.js';
import { useShared } from '../shared.js';
import { useLoaded } from '../use-loaded.js';
import { Dialog } from './dialog.js';
import { Problem, sayFailed } from './notice.js';

/** @typedef {import('bide/client').JobBody} JobBody */
/** @typedef {import('bide/client').JobFilter} JobFilter */
/** @typedef {import('bide/client').BulkAction} BulkAction */
/** @typedef {(run: import('../bulk-run.js').BulkRun) => void} OnRun */

const ACTIONS = /** @type {readonly BulkAction[]} */ (['cancel', 'retry', 'remove']);

/**
 * @param {{
 *   chosen: readonly JobBody[], jobs: readonly JobBody[], filter: JobFilter, hasMore: boolean,
 *   onSelect: (selected: ReadonlySet<string>) => void, onRun: OnRun,
 * }} props
 */
export function BulkBar({ chosen, jobs, filter, hasMore, onSelect, onRun }) {
  const { session } = useShared();
  const [isAll, setAll] = useState(false);
  const [action, ask] = useState(/** @type {BulkAction | null} */ (null));
  useEffect(() => {
    if (chosen.length === 0) setAll(false);
  }, [chosen.length]);
  if (!may(session, 'submit') || chosen.length === 0) return null;
  const isPage = chosen.length === jobs.length;
  /** @param {BulkAction} one */
  const hasEffect = (one) =>
    isAll
      ? (filter.states?.some((state) => EFFECTIVE[one].includes(state)) ?? true)
      : chosen.some(({ state }) => EFFECTIVE[one].includes(state));
  return html`<div class="bulk-bar">
    <span class="grow" role="status">
      <strong>${isAll ? 'All that fit the filters' : `${jobsText(chosen.length)} selected`}</strong>
      ${
        isPage &&
        hasMore &&
        !isAll &&
        may(session, 'operate') &&
        html` <button type="button" class="plain small" onClick=${() => setAll(true)}>Select all that fit, on every page</button>`
      }
    </span>
    ${ACTIONS.map((one) => html`<button key=${one} type="button" class="small ${one === 'retry' ? '' : 'danger'}" disabled=${!hasEffect(one)} onClick=${() => ask(one)}>${WORDS[one]}</button>`)}
    <button type="button" class="plain small" onClick=${() => onSelect(new Set())}>Clear</button>
    ${action !== null && (isAll ? html`<${ConfirmAll} action=${action} filter=${filter} onRun=${onRun} onClose=${() => ask(null)} />` : html`<${ConfirmSome} action=${action} chosen=${chosen} onRun=${onRun} onClose=${() => ask(null)} />`)}
  </div>`;
}

/** @param {{ action: BulkAction, chosen: readonly JobBody[], onRun: OnRun, onClose: () => void }} props */
function ConfirmSome({ action, chosen, onRun, onClose }) {
  const { api } = useShared();
  const jobs = chosen.filter(({ state }) => EFFECTIVE[action].includes(state));
  const rest = chosen.length - jobs.length;
  const confirm = () => {
    onClose();
    onRun(runSome(api, action, jobs));
  };
  return html`<${Question} action=${action} count=${jobs.length} onConfirm=${confirm} onClose=${onClose}>
    <p>${CONSEQUENCES[action]}</p>
    ${rest > 0 && html`<p class="quiet">${jobsText(rest)} of the ${chosen.length} selected ${rest === 1 ? 'stays as it is: its' : 'stay as they are: their'} state does not allow it.</p>`}
  <//>`;
}

/** @param {{ action: BulkAction, filter: JobFilter, onRun: OnRun, onClose: () => void }} props */
export function ConfirmAll({ action, filter, onRun, onClose }) {
  const { api } = useShared();
  const [isBusy, setBusy] = useState(false);
  const { value, error, reload } = useLoaded((signal) => api.bulkCount(action, filter, { signal }), [api, action]);
  const title =
    value === undefined ? WORDS[action] : `${WORDS[action]} ${value.exact ? '' : 'at least '}${jobsText(value.count)}`;
  const confirm = async () => {
    setBusy(true);
    try {
      onRun(await runAll(api, action, filter, title));
      onClose();
    } catch (reason) {
      sayFailed(reason);
      setBusy(false);
    }
  };
  return html`<${Question} action=${action} count=${value?.count ?? null} isExact=${value?.exact ?? true} isBusy=${isBusy} onConfirm=${confirm} onClose=${onClose}>
    <${Problem} error=${error} retry=${reload} />
    <p>${CONSEQUENCES[action]}</p>
    <p class="quiet">Done by a job of its own, which goes on when you leave. Jobs that come to fit meanwhile are left alone.</p>
  <//>`;
}

/** @type {Readonly<Record<BulkAction, string>>} */
const CONSEQUENCES = {
  cancel: 'Jobs that wait are cancelled at once; those that run are told to stop.',
  retry: 'They run again with the same input, and their attempts count from one.',
  remove: 'They are gone with their results, logs and history. This cannot be undone.',
};

/**
 * @param {{ action: BulkAction, count: number | null, isExact?: boolean, isBusy?: boolean, onConfirm: () => void, onClose: () => void, children?: unknown }} props
 */
function Question({ action, count, isExact = true, isBusy = false, onConfirm, onClose, children }) {
  const what = count === null ? 'counting…' : `${isExact ? '' : 'at least '}${jobsText(count)}`;
  return html`<${Dialog} title=${count === null ? `${WORDS[action]} jobs?` : `${WORDS[action]} ${what}?`} onClose=${onClose}>
    <div class="stack-small">${children}</div>
    <div class="actions">
      <button type="button" onClick=${onClose}>Leave them</button>
      <button type="button" class=${action === 'retry' ? 'primary' : 'danger'} disabled=${isBusy || count === null || count === 0} onClick=${onConfirm}>${WORDS[action]} ${what}</button>
    </div>
  <//>`;
}
