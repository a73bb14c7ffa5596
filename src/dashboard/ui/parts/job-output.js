/** Parts of a result, as a job emits them. Another run begins anew. */
import { html } from '../html.js';
import { may } from '../session.js';
import { useShared } from '../shared.js';
import { useFollowed } from '../use-followed.js';
import { Code } from './copy.js';
import { Problem } from './notice.js';
import { PREVIEW_BYTES_MAX } from './payload.js';

/** @typedef {import('bide/client').JobBody} JobBody */

const CHUNKS_MAX = 1_000;

/** @param {{ job: JobBody }} props */
export function Output({ job }) {
  const { session } = useShared();
  return may(session, 'read:payload') ? html`<${Emitted} job=${job} />` : null;
}

/** @param {{ job: JobBody }} props */
function Emitted({ job }) {
  const { api } = useShared();
  const { items, dropped, error } = useFollowed((after, signal) => api.followOutput(job.id, { after, signal }), {
    key: job.id,
    isOver: job.finishedAt !== null,
    max: CHUNKS_MAX,
  });
  const fence = items.at(-1)?.fence;
  if (fence === undefined) return html`<${Problem} error=${error} />`;
  const texts = items
    .filter((item) => item.fence === fence)
    .map(({ chunk }) => (typeof chunk === 'string' ? chunk : `${JSON.stringify(chunk)}\n`));
  const text = texts.join('');
  const isCut = dropped > 0 || text.length > PREVIEW_BYTES_MAX;
  return html`<section class="card">
    <header><h2>Output${job.finishedAt === null ? ' so far' : ''}</h2>${isCut && html`<span class="quiet small">the end of it</span>`}</header>
    <div class="body stack-small"><${Problem} error=${error} /><${Code} text=${text.slice(-PREVIEW_BYTES_MAX)} /></div>
  </section>`;
}
