/** Filters of jobs. All of them stand in the address; what is typed replaces it, what is pressed adds to the history. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { html } from '../html.js';
import { hasFilter, NO_FILTERS, SPANS, tagOf, tagWord } from '../job-query.js';
import { isoOf, localText } from '../local-time.js';
import { setQuery } from '../router.js';
import { StateChips } from './state-chips.js';

const TYPED_MS = 300;

/** @param {{ query: URLSearchParams, types: readonly { name: string }[], isGrouped: boolean }} props */
export function JobFilters({ query, types, isGrouped }) {
  return html`<section class="card filter-card" aria-label="Filters">
    ${isGrouped ? null : html`<${StateChips} chosen=${query.getAll('state')} />`}
    <div class="filters">
      <${TypeSelect} chosen=${query.getAll('type')} types=${types} />
      <${SinceSelect} query=${query} />
      <${TagField} />
      ${isGrouped ? null : html`<${TypedField} name="error" label="Error code" placeholder="e.g. TIMEOUT" value=${query.get('error') ?? ''} />`}
      ${isGrouped ? null : html`<${TypedField} name="text" label="Search" placeholder="id, tag or error" value=${query.get('text') ?? ''} />`}
    </div>
    <${Range} query=${query} />
    <${Chosen} query=${query} />
  </section>`;
}

/** @param {{ chosen: readonly string[], types: readonly { name: string }[] }} props */
function TypeSelect({ chosen, types }) {
  const names = [...new Set([...types.map(({ name }) => name), ...chosen])].sort();
  const value = chosen.length > 1 ? '*' : (chosen[0] ?? '');
  /** @param {Event} event */
  const choose = (event) => setQuery({ type: typedIn(event), cursor: null });
  return html`<label class="field"><span>Type</span>
    <select value=${value} onChange=${choose}>
      <option value="">All types</option>
      ${chosen.length > 1 && html`<option value="*" disabled>${chosen.length} types</option>`}
      ${names.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
    </select>
  </label>`;
}

/** @param {{ query: URLSearchParams }} props */
function SinceSelect({ query }) {
  const hasRange = query.has('from') || query.has('before');
  const value = hasRange ? 'range' : (query.get('since') ?? '');
  /** @param {Event} event */
  const choose = (event) => {
    const word = typedIn(event);
    const from = word === 'range' ? new Date(Date.now() - 86_400_000).toISOString() : null;
    setQuery({ since: word === 'range' ? null : word, from, before: null, cursor: null });
  };
  return html`<label class="field"><span>Submitted</span>
    <select value=${value} onChange=${choose}>
      <option value="">At any time</option>
      ${SPANS.map(([word, label]) => html`<option key=${word} value=${word}>${label}</option>`)}
      <option value="range">From … to …</option>
    </select>
  </label>`;
}

/** @param {{ query: URLSearchParams }} props */
function Range({ query }) {
  if (!query.has('from') && !query.has('before')) return null;
  /** @param {'from' | 'before'} name */
  const field = (name) => {
    /** @param {Event} event */
    const change = (event) => setQuery({ [name]: isoOf(typedIn(event)), cursor: null });
    return html`<label class="field"><span>${name === 'from' ? 'From' : 'Before'}</span>
      <input type="datetime-local" value=${localText(query.get(name))} onChange=${change} />
    </label>`;
  };
  return html`<div class="filters">${field('from')}${field('before')}</div>`;
}

function TagField() {
  const [text, setText] = useState('');
  const isWrong = text !== '' && tagOf(text) === null;
  /** @param {KeyboardEvent} event */
  const add = (event) => {
    if (event.key !== 'Enter' || text === '' || isWrong) return;
    const tags = new URLSearchParams(location.search).getAll('tag').filter((tag) => tag !== text);
    setQuery({ tag: [...tags, text], cursor: null });
    setText('');
  };
  return html`<label class="field"><span>Tag</span>
    <input placeholder="name:value, then Enter" maxlength="400" value=${text} aria-invalid=${isWrong} onInput=${(/** @type {Event} */ event) => setText(typedIn(event))} onKeyDown=${add} />
  </label>`;
}

/** Filters a moment after the last key. @param {{ name: string, label: string, placeholder: string, value: string }} props */
function TypedField({ name, label, placeholder, value }) {
  const [text, setText] = useState(value);
  const timer = useRef(/** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined));
  useEffect(() => setText(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  /** @param {Event} event */
  const type = (event) => {
    const next = typedIn(event);
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setQuery({ [name]: next.trim(), cursor: null }, { replace: true }), TYPED_MS);
  };
  return html`<label class="field"><span>${label}</span>
    <input type="search" name=${name} maxlength=${name === 'error' ? 100 : 200} placeholder=${placeholder} value=${text} onInput=${type} spellcheck=${false} />
  </label>`;
}

/** What is filtered by, to take away again. @param {{ query: URLSearchParams }} props */
function Chosen({ query }) {
  if (!hasFilter(query)) return null;
  const tags = query.getAll('tag');
  return html`<div class="row">
    ${tags.map((tag) => {
      const [name, value] = tagOf(tag) ?? [tag, ''];
      const drop = () => setQuery({ tag: tags.filter((one) => one !== tag), cursor: null });
      return html`<button key=${tagWord(name, value)} type="button" class="chip" aria-pressed="true" title="Take this filter away" onClick=${drop}><span class="truncate">${name}: ${value}</span> ×</button>`;
    })}
    <button type="button" class="plain small" onClick=${() => setQuery(NO_FILTERS)}>Clear filters</button>
  </div>`;
}

/** @param {Event} event */
const typedIn = (event) => /** @type {HTMLInputElement | HTMLSelectElement} */ (event.currentTarget).value;
