/** The call that submits a job like this one, to copy. */
import { useState } from 'preact/hooks';
import { SERVER } from '../address.js';
import { html } from '../html.js';
import { snippetsOf } from '../job-snippets.js';
import { useShared } from '../shared.js';
import { useLoaded } from '../use-loaded.js';
import { Code } from './copy.js';
import { Dialog } from './dialog.js';
import { Problem } from './notice.js';
import { previewOf } from './payload.js';

/** @param {{ job: import('bide/client').JobBody, onClose: () => void }} props */
export function CopyAs({ job, onClose }) {
  const { api } = useShared();
  const [chosen, choose] = useState('curl');
  const { value, error, reload } = useLoaded(
    async (signal) => previewOf(await api.openInput(job.id, { signal })),
    [api, job.id],
  );
  const snippets = value === undefined ? [] : snippetsOf(job, value.isWhole ? (value.text ?? 'null') : 'null', SERVER);
  return html`<${Dialog} title="Submit a job like this one" onClose=${onClose}>
    <${Problem} error=${error} retry=${reload} />
    ${value?.isWhole === false && html`<p class="quiet">The input is too large to stand here; put it in the place of <code>null</code>.</p>`}
    <div class="segments" role="group" aria-label="Language">
      ${snippets.map(([name]) => html`<button key=${name} type="button" aria-pressed=${name === chosen} onClick=${() => choose(name)}>${name}</button>`)}
    </div>
    ${snippets.filter(([name]) => name === chosen).map(([name, text]) => html`<${Code} key=${name} text=${text} />`)}
    <div class="actions"><button type="button" onClick=${onClose}>Close</button></div>
  <//>`;
}
