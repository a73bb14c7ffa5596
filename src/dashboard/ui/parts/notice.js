/** What a page has to say: a failure in the server's words, an empty page with the next step, and short notices in the corner. */
import { useEffect, useState } from 'preact/hooks';
import { problemOf } from '../api.js';
import { html } from '../html.js';
import { Code } from './copy.js';

/** @param {{ error: unknown, retry?: () => void }} props */
export function Problem({ error, retry }) {
  if (error === null || error === undefined) return null;
  const { title, detail } = problemOf(error);
  return html`<div class="note bad" role="alert">
    <div class="grow"><strong>${title}</strong><p>${detail}</p></div>
    ${retry === undefined ? null : html`<button type="button" class="small" onClick=${retry}>Try again</button>`}
  </div>`;
}

/** @param {{ title: string, children?: unknown, code?: string | null }} props */
export const Empty = ({ title, children, code = null }) => html`<div class="empty">
  <h2>${title}</h2>
  <p>${children}</p>
  ${code === null ? null : html`<${Code} text=${code} />`}
</div>`;

/** @typedef {{ id: number, tone: 'good' | 'bad', title: string, detail: string }} Toast */

/** @type {Set<(toasts: readonly Toast[]) => void>} */
const listeners = new Set();
/** @type {readonly Toast[]} */
let toasts = [];
let lastId = 0;
const SHOWN_MS = 6_000;
/** More at once say nothing more. */
const TOASTS_MAX = 4;

/** @param {readonly Toast[]} next */
function show(next) {
  toasts = next.slice(-TOASTS_MAX);
  for (const listener of listeners) listener(toasts);
}

/** @param {'good' | 'bad'} tone @param {string} title @param {string} [detail] */
function add(tone, title, detail = '') {
  lastId += 1;
  const id = lastId;
  show([...toasts, { id, tone, title, detail }]);
  setTimeout(() => show(toasts.filter((toast) => toast.id !== id)), SHOWN_MS);
}

/** @param {string} title @param {string} [detail] */
export const say = (title, detail) => add('good', title, detail);
/** @param {unknown} error */
export function sayFailed(error) {
  const { title, detail } = problemOf(error);
  add('bad', title, detail);
}

export function Toasts() {
  const [shown, setShown] = useState(toasts);
  useEffect(() => {
    listeners.add(setShown);
    return () => void listeners.delete(setShown);
  }, []);
  return html`<div class="toasts" role="status">
    ${shown.map(({ id, tone, title, detail }) => html`<div key=${id} class="note toast ${tone}"><div><strong>${title}</strong><p>${detail}</p></div></div>`)}
  </div>`;
}
