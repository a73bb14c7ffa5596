/**
 * The address is the state: which page, which filters, which job. Back, forward, reload and a copied link all bring it back.
 *
 * Pages read their query by `useQuery`; a change of a filter replaces the entry of the history while somebody types, and adds one otherwise.
 */
import { useEffect, useState } from 'preact/hooks';
import { BASE } from './address.js';
import { html } from './html.js';

/** @typedef {{ path: string, query: URLSearchParams }} Place */

/** @returns {Place} */
function here() {
  const path = location.pathname.startsWith(BASE) ? location.pathname.slice(BASE.length) : '';
  return { path: path === '' ? '/' : path, query: new URLSearchParams(location.search) };
}

/** @type {Set<() => void>} */
const listeners = new Set();
const tell = () => {
  for (const listener of listeners) listener();
};
addEventListener('popstate', tell);

/** @param {string} to below the dashboard, with its query @param {{ replace?: boolean }} [options] */
export function go(to, { replace = false } = {}) {
  if (replace) history.replaceState(null, '', BASE + to);
  else {
    history.pushState(null, '', BASE + to);
    scrollTo(0, 0);
  }
  tell();
}

/** @returns {Place} */
export function usePlace() {
  const [place, set] = useState(here);
  useEffect(() => {
    const listener = () => set(here());
    listeners.add(listener);
    listener();
    return () => void listeners.delete(listener);
  }, []);
  return place;
}

/**
 * Writes filters into the address. Empty values leave it.
 * @param {Record<string, string | readonly string[] | null>} changes
 * @param {{ replace?: boolean }} [options]
 */
export function setQuery(changes, options) {
  const { path, query } = here();
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name);
    for (const one of Array.isArray(value) ? value : [value]) if (one) query.append(name, one);
  }
  const text = query.toString();
  go(text === '' ? path : `${path}?${text}`, options);
}

/**
 * A link within the dashboard: a real one, so that a new tab works, without a load of the page where it stays.
 * @param {{ to: string, children?: unknown, [attribute: string]: unknown }} props
 */
export function Link({ to, children, ...rest }) {
  /** @param {MouseEvent} event */
  const follow = (event) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    event.preventDefault();
    go(to);
  };
  return html`<a href=${BASE + to} onClick=${follow} ...${rest}>${children}</a>`;
}
