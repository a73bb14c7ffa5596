/** What is wrong now, in plain words, each with the page where to look. Worst first; nothing is a good answer. */
import { countText, spanText } from './format.js';

/** @typedef {import('bide/client').TypeBody} TypeBody */
/** @typedef {{ tone: 'bad' | 'warn', text: string, to: string | null }} Trouble */
/** @typedef {{ types: readonly TypeBody[], workers: readonly import('bide/client').WorkerBody[], webhooks: readonly import('bide/client').WebhookBody[], unready: string | null }} Facts */

/** A job that is due and not begun for so long shows that a type does not keep up. */
const OLD_MS = 60_000;
/** Fewer failures say nothing. */
const FAILURES_MIN = 3;
/** As often as in the rest of the hour: more than usual. */
const TIMES_USUAL = 2;
const MUCH = 0.5;

/** @param {Facts} facts @returns {readonly Trouble[]} */
export function troublesOf({ types, workers, webhooks, unready }) {
  const taken = new Set(workers.flatMap((worker) => worker.types.map(({ name }) => name)));
  const troubles = [
    ...(unready === null
      ? []
      : [{ tone: /** @type {const} */ ('bad'), text: `The server takes no work: ${unready}`, to: null }]),
    ...types.flatMap((type) => troublesOfType(type, taken.has(type.name))),
    ...webhooks.flatMap(troublesOfWebhook),
  ];
  return [...troubles.filter(({ tone }) => tone === 'bad'), ...troubles.filter(({ tone }) => tone === 'warn')];
}

/** @param {TypeBody} type @param {boolean} hasWorker @returns {readonly Trouble[]} */
function troublesOfType(type, hasWorker) {
  const { name, paused, waiting, oldestWaitingMs } = type;
  const to = `/types/${encodeURIComponent(name)}`;
  const old =
    oldestWaitingMs !== null && oldestWaitingMs > OLD_MS ? `, the oldest for ${spanText(oldestWaitingMs)}` : '';
  const jobs = `${countText(waiting)} ${waiting === 1 ? 'job waits' : 'jobs wait'}${old}`;
  /** @type {Trouble[]} */
  const troubles = [];
  if (paused) troubles.push({ tone: 'warn', text: `${name} is paused${waiting === 0 ? '' : `: ${jobs}`}.`, to });
  else if (waiting > 0 && !hasWorker)
    troubles.push({ tone: 'bad', text: `Nobody works on ${name}: ${jobs}. Start a worker for it.`, to });
  else if (old !== '') troubles.push({ tone: 'warn', text: `${name} falls behind: ${jobs}.`, to });
  const failing = failingText(type);
  if (failing !== null) troubles.push({ tone: 'bad', text: failing, to });
  return troubles;
}

/** @param {TypeBody} type */
function failingText({ name, last5Minutes: now, last60Minutes: hour }) {
  const ended = now.succeeded + now.failed;
  if (now.failed < FAILURES_MIN) return null;
  const before = { failed: hour.failed - now.failed, ended: hour.succeeded + hour.failed - ended };
  const share = now.failed / ended;
  const usual = before.ended === 0 ? 0 : before.failed / before.ended;
  if (before.ended > 0 ? share < TIMES_USUAL * usual && share < MUCH : share < MUCH) return null;
  const than = before.ended === 0 ? '' : ` (${Math.round(100 * usual)} % in the hour before)`;
  return `${name} fails: ${countText(now.failed)} of ${countText(ended)} in the last 5 minutes${than}.`;
}

/** @param {import('bide/client').WebhookBody} webhook @returns {readonly Trouble[]} */
function troublesOfWebhook({ id, url, disabled, failingSince }) {
  const to = `/webhooks/${encodeURIComponent(id)}`;
  if (disabled !== null) return [{ tone: 'warn', text: `The webhook ${url} is disabled: ${disabled.reason}`, to }];
  if (failingSince === null) return [];
  const text = `The webhook ${url} fails for ${spanText(Date.now() - Date.parse(failingSince))}.`;
  return [{ tone: 'warn', text, to }];
}
