/** The filters of the Jobs page: as the address has them, and in the words of the client. */

/** @typedef {import('bide/client').JobFilter} JobFilter */
/** @typedef {import('bide/client').JobBody} JobBody */

export const STATES = /** @type {const} */ ([
  'scheduled',
  'queued',
  'retrying',
  'running',
  'succeeded',
  'failed',
  'cancelled',
  'expired',
]);

/** How far back, in words and in ms. */
export const SPANS = /** @type {const} */ ([
  ['15m', 'Last 15 minutes', 900_000],
  ['1h', 'Last hour', 3_600_000],
  ['24h', 'Last 24 hours', 86_400_000],
  ['7d', 'Last 7 days', 604_800_000],
]);

export const FILTERS = /** @type {const} */ (['state', 'type', 'tag', 'since', 'from', 'before', 'error', 'text']);

/** @param {URLSearchParams} query */
export const hasFilter = (query) => FILTERS.some((name) => query.has(name));

/** An address without any. @type {Record<string, null>} */
export const NO_FILTERS = Object.fromEntries([...FILTERS, 'cursor'].map((name) => [name, null]));

/** `name:value`; a colon of the name stands behind a backslash, as in the API. @param {string} name @param {string} value */
export const tagWord = (name, value) => `${name.replace(/[:\\]/g, '\\$&')}:${value}`;

const TAG = /^((?:[^:\\]|\\.)+):(.*)$/s;

/** @param {string} word @returns {readonly [name: string, value: string] | null} */
export function tagOf(word) {
  const [, name, value = ''] = TAG.exec(word) ?? [];
  return name === undefined ? null : [name.replace(/\\(.)/gs, '$1'), value];
}

/** @param {URLSearchParams} query @param {number} now @returns {JobFilter} */
export function filterOf(query, now) {
  const span = SPANS.find(([word]) => word === query.get('since'));
  const from = span === undefined ? timeOf(query.get('from')) : new Date(now - span[2]);
  const states = STATES.filter((state) => query.getAll('state').includes(state));
  const types = query.getAll('type');
  const tags = query
    .getAll('tag')
    .map(tagOf)
    .filter((tag) => tag !== null);
  return {
    ...(states.length === 0 ? {} : { states }),
    ...(types.length === 0 ? {} : { types }),
    ...(tags.length === 0 ? {} : { tags: Object.fromEntries(tags) }),
    ...entry('createdFrom', from),
    ...entry('createdBefore', timeOf(query.get('before'))),
    ...entry('errorCode', query.get('error')),
    ...entry('text', query.get('text')),
  };
}

/** @param {string} name @param {unknown} value */
const entry = (name, value) => (value === null || value === '' ? {} : { [name]: value });

/** @param {string | null} text */
function timeOf(text) {
  const at = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) ? null : new Date(at);
}

/** Whether a job that has just changed belongs to the list, as the server would say it. @param {JobFilter} filter @param {JobBody} job */
export function fits({ states, types, tags = {}, createdFrom, createdBefore, errorCode, text }, job) {
  const createdAt = Date.parse(job.createdAt);
  return (
    (states === undefined || states.includes(job.state)) &&
    (types === undefined || types.includes(job.type)) &&
    Object.entries(tags).every(([name, value]) => job.tags[name] === value) &&
    (createdFrom === undefined || createdAt >= createdFrom.getTime()) &&
    (createdBefore === undefined || createdAt < createdBefore.getTime()) &&
    (errorCode === undefined || (job.finishedAt !== null && job.error?.code === errorCode)) &&
    (text === undefined || hasText(job, text.toLowerCase()))
  );
}

/** @param {JobBody} job @param {string} text in lower case */
function hasText({ id, tags, error }, text) {
  const words = [id, error?.message ?? '', ...Object.entries(tags).map(([name, value]) => `${name}:${value}`)];
  return words.some((word) => word.toLowerCase().includes(text));
}
