/** Cancelling, retrying and removing: some jobs one by one, or all that fit by a job of the server's own. */

/** @typedef {import('bide/client').JobBody} JobBody */
/** @typedef {import('bide/client').BulkAction} BulkAction */
/** @typedef {import('bide/client').JobFilter} JobFilter */
/** @typedef {import('./api.js').Client} Client */

/**
 * @typedef {{ percent: number, text: string, isOver: boolean, tone: 'good' | 'bad' | '' }} BulkStep
 * @typedef {{ key: string, title: string, jobId: string | null, ended: Promise<unknown>, watch: (listener: (step: BulkStep) => void) => () => void }} BulkRun
 */

const OPEN = /** @type {const} */ (['scheduled', 'queued', 'retrying', 'running']);

/** In which states there is something to do. @type {Readonly<Record<BulkAction, readonly string[]>>} */
export const EFFECTIVE = {
  cancel: OPEN,
  retry: ['failed', 'cancelled', 'expired'],
  remove: ['succeeded', 'failed', 'cancelled', 'expired'],
};

/** @type {Readonly<Record<BulkAction, string>>} */
export const WORDS = { cancel: 'Cancel', retry: 'Retry', remove: 'Remove' };
/** @type {Readonly<Record<BulkAction, string>>} */
const DONE = { cancel: 'cancelled', retry: 'retried', remove: 'removed' };

/** Calls at once: a browser opens six connections to a server, and two of them are taken by what is followed. */
const CALLS_AT_ONCE = 3;
let lastKey = 0;

/** @param {number} count */
export const jobsText = (count) => `${count.toLocaleString('en-GB')} ${count === 1 ? 'job' : 'jobs'}`;

/** @param {Client} api @param {BulkAction} action @param {readonly JobBody[]} jobs @returns {BulkRun} */
export function runSome(api, action, jobs) {
  return runOf(`${WORDS[action]} ${jobsText(jobs.length)}`, null, async (tell) => {
    const left = [...jobs];
    const failures = /** @type {string[]} */ ([]);
    let done = 0;
    const worker = async () => {
      for (let job = left.shift(); job !== undefined; job = left.shift()) {
        await api[action](job.id).catch((error) => failures.push(String(error.message ?? error)));
        done += 1;
        tell({ percent: (100 * done) / jobs.length, text: `${done} of ${jobs.length}`, isOver: false, tone: '' });
      }
    };
    await Promise.all(Array.from({ length: CALLS_AT_ONCE }, worker));
    const refused = failures.length === 0 ? '' : ` ${jobsText(failures.length)} refused: ${failures[0]}`;
    const text = `${jobsText(jobs.length - failures.length)} ${DONE[action]}.${refused}`;
    return { percent: 100, text, isOver: true, tone: failures.length === 0 ? 'good' : 'bad' };
  });
}

/** Rejects where the server refuses to begin. @param {Client} api @param {BulkAction} action @param {JobFilter} filter @param {string} title @returns {Promise<BulkRun>} */
export async function runAll(api, action, filter, title) {
  const { id } = await api.bulk(action, filter, { confirm: 'all' });
  return runOf(title, id, async (tell) => {
    for await (const job of api.watch(id)) {
      tell(stepOf(action, job));
    }
    return null;
  });
}

/** @param {BulkAction} action @param {JobBody} job @returns {BulkStep} */
function stepOf(action, job) {
  const { percent, message } = job.progress;
  if (job.finishedAt === null) return { percent, text: message ?? job.state, isOver: false, tone: '' };
  if (job.state !== 'succeeded') return { percent, text: job.error?.message ?? job.state, isOver: true, tone: 'bad' };
  const { changed, skipped, failed } = /** @type {Record<string, number>} */ (job.result);
  const rest = [
    ...(skipped ? [`${skipped} left as they were`] : []),
    ...(failed ? [`${failed} could not be changed`] : []),
  ];
  const text = [`${jobsText(changed ?? 0)} ${DONE[action]}`, ...rest].join(', ');
  return { percent: 100, text: `${text}.`, isOver: true, tone: failed ? 'bad' : 'good' };
}

/**
 * @param {string} title @param {string | null} jobId
 * @param {(tell: (step: BulkStep) => void) => Promise<BulkStep | null>} work its last step where it has not told it
 * @returns {BulkRun}
 */
function runOf(title, jobId, work) {
  /** @type {Set<(step: BulkStep) => void>} */
  const listeners = new Set();
  /** @type {BulkStep} */
  let step = { percent: 0, text: '', isOver: false, tone: '' };
  /** @param {BulkStep} next */
  const tell = (next) => {
    step = next;
    for (const listener of listeners) listener(step);
  };
  const ended = work(tell).then(
    (last) => last !== null && tell(last),
    (error) => tell({ ...step, text: String(error.message ?? error), isOver: true, tone: 'bad' }),
  );
  lastKey += 1;
  return {
    key: String(lastKey),
    title,
    jobId,
    ended,
    watch(listener) {
      listeners.add(listener);
      listener(step);
      return () => void listeners.delete(listener);
    },
  };
}
