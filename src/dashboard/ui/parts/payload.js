/**
 * What went into a job and what came out. Of large ones the beginning is shown and the rest is a file: a page that draws megabytes freezes.
 */
import { SERVER } from '../address.js';
import { bytesText } from '../format.js';
import { html } from '../html.js';
import { prettyJson } from '../json-text.js';
import { may } from '../session.js';
import { useShared } from '../shared.js';
import { useLoaded } from '../use-loaded.js';
import { Code } from './copy.js';
import { Problem } from './notice.js';

/** @typedef {import('bide/client').JobBody} JobBody */
/** @typedef {import('bide/client').OpenResult} OpenResult */
/** @typedef {{ contentType: string, bytesTotal: number | null, text: string | null, isWhole: boolean }} Preview */

export const PREVIEW_BYTES_MAX = 65_536;

/** @param {string} text */
export const cut = (text) =>
  text.length <= PREVIEW_BYTES_MAX
    ? text
    : `${text.slice(0, PREVIEW_BYTES_MAX)}\n… and ${text.length - PREVIEW_BYTES_MAX} characters more`;

/** @param {{ job: JobBody }} props */
export function Payloads({ job }) {
  const { api, session } = useShared();
  if (!may(session, 'read:payload')) {
    return html`<section class="card"><div class="body quiet">Input, output and result are hidden: your key has not the scope <code>read:payload</code>.</div></section>`;
  }
  const isThere = job.state === 'succeeded';
  return html`<div class="halves">
    <${Payload} title="Input" id=${job.id} name="input" load=${(/** @type {AbortSignal} */ signal) => api.openInput(job.id, { signal })} version="" />
    ${
      isThere
        ? html`<${Payload} title="Result" id=${job.id} name="result" load=${(/** @type {AbortSignal} */ signal) => api.openResult(job.id, { signal })} version=${job.finishedAt ?? ''} />`
        : html`<section class="card"><header><h2>Result</h2></header><div class="body quiet">${job.finishedAt === null ? 'Not yet: the job is not over.' : 'None: the job did not succeed.'}</div></section>`
    }
  </div>`;
}

/**
 * @param {{ title: string, id: string, name: 'input' | 'result', load: (signal: AbortSignal) => Promise<OpenResult>, version: string }} props
 */
function Payload({ title, id, name, load, version }) {
  const { value, error, reload } = useLoaded(async (signal) => previewOf(await load(signal)), [id, version]);
  return html`<section class="card">
    <header>
      <h2>${title}</h2>
      ${value !== undefined && html`<span class="row"><span class="quiet small">${value.contentType}${value.bytesTotal === null ? '' : `, ${bytesText(value.bytesTotal)}`}</span><${Download} id=${id} name=${name} contentType=${value.contentType} /></span>`}
    </header>
    <div class="body stack-small">
      <${Problem} error=${error} retry=${reload} />
      ${value === undefined ? error === null && html`<p class="quiet">Loading…</p>` : html`<${Shown} preview=${value} />`}
    </div>
  </section>`;
}

/** @param {{ id: string, name: string, contentType: string }} props */
function Download({ id, name, contentType }) {
  const ending = isJson(contentType) ? '.json' : contentType.startsWith('text/') ? '.txt' : '';
  return html`<a class="button small" href=${`${SERVER}/v1/jobs/${encodeURIComponent(id)}/${name}`} download=${`${id}-${name}${ending}`}>Download</a>`;
}

/** @param {{ preview: Preview }} props */
function Shown({ preview: { contentType, text, isWhole } }) {
  if (text === null) return html`<p class="quiet">No text to show. Download it to look at it.</p>`;
  const pretty = isWhole && isJson(contentType) ? prettyJson(text) : null;
  return html`<${Code} text=${pretty ?? text} label=${isWhole ? 'Copy' : 'Copy this part'} />
    ${!isWhole && html`<p class="quiet small">The first ${bytesText(PREVIEW_BYTES_MAX)}. The download has all of it.</p>`}`;
}

/** @param {string} contentType */
const isJson = (contentType) => /^application\/(?:json\b|[\w.-]+\+json\b)/.test(contentType);
const TEXT = /^(?:text\/|application\/(?:xml|javascript|x-ndjson|yaml)\b)/;

/** Reads no more than is shown. @param {OpenResult} opened @returns {Promise<Preview>} */
export async function previewOf({ contentType, bytesTotal, body }) {
  const reader = body.getReader();
  if (!isJson(contentType) && !TEXT.test(contentType)) {
    await reader.cancel();
    return { contentType, bytesTotal, text: null, isWhole: false };
  }
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { contentType, bytesTotal: bytesTotal ?? bytes, text: text + decoder.decode(), isWhole: true };
    const room = PREVIEW_BYTES_MAX - bytes;
    text += decoder.decode(value.subarray(0, room), { stream: true });
    bytes += value.byteLength;
    if (bytes <= PREVIEW_BYTES_MAX) continue;
    await reader.cancel();
    return { contentType, bytesTotal, text, isWhole: false };
  }
}
