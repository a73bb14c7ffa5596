/** What a job says, as it says it. The newest lines are kept on the page; all of them are at the server. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { clockText, countText, exactText } from '../format.js';
import { html } from '../html.js';
import { useShared } from '../shared.js';
import { useFollowed } from '../use-followed.js';
import { Problem } from './notice.js';

/** @typedef {import('bide/client').JobBody} JobBody */
/** @typedef {import('bide/client').LogLineBody} LogLineBody */
/** @typedef {NonNullable<LogLineBody['level']>} LogLevel */

const LEVELS = /** @type {const} */ (['debug', 'info', 'warn', 'error']);
const LINES_MAX = 1_000;
/** Of one line. */
const LINE_SHOWN = 4_000;
/** Whoever has scrolled up further reads, and is not taken to the end. */
const END_PX = 24;

/** @param {{ job: JobBody }} props */
export function Logs({ job }) {
  const { api } = useShared();
  const [level, setLevel] = useState(/** @type {LogLevel} */ ('debug'));
  const [attempt, setAttempt] = useState(0);
  const { items, dropped, error } = useFollowed(
    (after, signal) =>
      api.followLogs(job.id, {
        after,
        signal,
        ...(level === 'debug' ? {} : { level }),
        ...(attempt === 0 ? {} : { attempt }),
      }),
    { key: `${job.id} ${level} ${attempt}`, isOver: job.finishedAt !== null, max: LINES_MAX },
  );
  return html`<section class="card">
    <header>
      <h2>Log</h2>
      <span class="row">
        <${AttemptSelect} count=${job.attempt} value=${attempt} onChange=${setAttempt} />
        <span class="segments" role="group" aria-label="Least level">
          ${LEVELS.map((one) => html`<button key=${one} type="button" aria-pressed=${one === level} onClick=${() => setLevel(one)}>${one === 'debug' ? 'all' : one}</button>`)}
        </span>
      </span>
    </header>
    <${Problem} error=${error} />
    ${dropped > 0 && html`<p class="quiet small inset">${countText(dropped)} earlier lines are not shown. <code>bide logs ${job.id}</code> has them all.</p>`}
    ${
      items.length === 0
        ? html`<p class="body quiet">${job.finishedAt === null ? 'Nothing said yet.' : 'Nothing was said.'}</p>`
        : html`<${Lines} lines=${items} />`
    }
  </section>`;
}

/** @param {{ count: number, value: number, onChange: (attempt: number) => void }} props */
function AttemptSelect({ count, value, onChange }) {
  if (count < 2) return null;
  /** @param {Event} event */
  const choose = (event) => onChange(Number(/** @type {HTMLSelectElement} */ (event.currentTarget).value));
  return html`<select class="narrow" aria-label="Attempt" value=${String(value)} onChange=${choose}>
    <option value="0">All attempts</option>
    ${Array.from({ length: count }, (_, at) => html`<option key=${at} value=${String(at + 1)}>Attempt ${at + 1}</option>`)}
  </select>`;
}

/** @param {{ lines: readonly LogLineBody[] }} props */
function Lines({ lines }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const isAtEnd = useRef(true);
  const look = () => {
    const { current } = box;
    if (current !== null) isAtEnd.current = current.scrollHeight - current.scrollTop - current.clientHeight < END_PX;
  };
  useEffect(() => {
    if (isAtEnd.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);
  return html`<div class="log" ref=${box} onScroll=${look} tabindex="0" role="log" aria-label="Log lines">
    ${lines.map(
      ({ offset, at, level, attempt, line, fields }) => html`<div key=${offset} class="log-line ${level}">
        <time class="quiet" datetime=${at} title=${`${exactText(at)}, attempt ${attempt}`}>${clockText(at)}</time>
        <span class="quiet level">${level}</span>
        <span class="text">${line.slice(0, LINE_SHOWN)}${fields === null ? null : html` <span class="quiet">${JSON.stringify(fields).slice(0, LINE_SHOWN)}</span>`}</span>
      </div>`,
    )}
  </div>`;
}
