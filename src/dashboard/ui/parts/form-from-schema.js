/** A form made from a JSON Schema: one field for each property, what the server says of it right below. */
import { useId } from 'preact/hooks';
import { escaped, JsonText } from '../form-value.js';
import { html } from '../html.js';
import { exactNumber, isExact } from '../json-text.js';
import { shapeOf, startOf } from '../schema-shape.js';

/** @typedef {import('../schema-shape.js').Schema} Schema */
/** @typedef {import('../form-value.js').Issue} Issue */
/**
 * @typedef {{ schema: Schema, value: unknown, onChange: (value: unknown) => void, path: string, label: string, isRequired: boolean,
 *   issues: readonly Issue[], depth?: number }} FieldProps
 */

/** @param {FieldProps} props */
export function SchemaField(props) {
  const shape = shapeOf(props.schema, props.depth ?? 0);
  switch (shape.kind) {
    case 'group':
      return html`<${Group} ...${props} properties=${shape.properties} />`;
    case 'list':
      return html`<${List} ...${props} item=${shape.item} />`;
    case 'boolean':
      return props.isRequired
        ? html`<${Check} ...${props} />`
        : html`<${Choice} ...${props} values=${[true, false]} />`;
    case 'choice':
      return html`<${Choice} ...${props} values=${shape.values} />`;
    default:
      return html`<${Line} ...${props} shape=${shape} />`;
  }
}

/** @param {readonly Issue[]} issues @param {string} path */
const wrongAt = (issues, path) => issues.filter((issue) => issue.path === path).map(({ message }) => message);

/** What lies deeper in a text of JSON has no field of its own. @param {readonly Issue[]} issues @param {string} path */
const wrongWithin = (issues, path) => [
  ...wrongAt(issues, path),
  ...issues.filter((issue) => issue.path.startsWith(`${path}/`)).map((issue) => `${issue.path} ${issue.message}`),
];

/** @param {{ schema: Schema, label: string, isRequired: boolean, wrong: readonly string[], id: string, children?: unknown }} props */
function Labelled({ schema, label, isRequired, wrong, id, children }) {
  const hint = [schema.description, isRequired ? null : 'May be left out.'].filter(Boolean).join(' ');
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${children}
    ${hint === '' ? null : html`<span class="hint">${hint}</span>`}
    <${Wrong} texts=${wrong} id=${`${id}-wrong`} />
  </div>`;
}

/** @param {{ texts: readonly string[], id: string }} props */
const Wrong = ({ texts, id }) =>
  texts.length === 0 ? null : html`<span class="wrong" id=${id} role="alert">${texts.join('; ')}</span>`;

/** Texts, numbers, and JSON where no field fits. @param {FieldProps & { shape: import('../schema-shape.js').Shape }} props */
function Line({ schema, value, onChange, path, label, isRequired, issues, shape }) {
  const id = useId();
  const wrong = shape.kind === 'json' ? wrongWithin(issues, path) : wrongAt(issues, path);
  const preset = schema.default === undefined ? null : String(schema.default);
  const shared = {
    id,
    placeholder: preset,
    'aria-invalid': wrong.length > 0,
    'aria-describedby': `${id}-wrong`,
    spellcheck: false,
  };
  /** @param {Event} event */
  const change = ({ currentTarget }) => {
    const text = /** @type {HTMLInputElement} */ (currentTarget).value;
    if (shape.kind === 'json') return onChange(text === '' ? undefined : new JsonText(text));
    if (shape.kind === 'number') return onChange(text === '' ? undefined : exactNumber(text));
    return onChange(text === '' && !isRequired ? undefined : text);
  };
  const text = value instanceof JsonText ? value.text : textOf(value, shape.kind === 'json');
  const isLong = shape.kind === 'json' || (shape.kind === 'text' && shape.isLong);
  return html`<${Labelled} schema=${schema} label=${shape.kind === 'json' ? `${label} (JSON)` : label} isRequired=${isRequired} wrong=${wrong} id=${id}>
    ${isLong ? html`<textarea ...${shared} class="short" rows="3" onInput=${change} value=${text}></textarea>` : html`<input ...${shared} type=${shape.kind === 'number' ? 'number' : 'text'} step="any" onInput=${change} value=${text} />`}
  <//>`;
}

/** @param {unknown} value @param {boolean} isJson */
function textOf(value, isJson) {
  if (value === undefined) return '';
  if (isExact(value)) return value.rawJSON;
  return isJson ? JSON.stringify(value, null, 2) : String(value);
}

/** @param {FieldProps} props */
function Check({ schema, value, onChange, path, label, issues }) {
  const id = useId();
  return html`<div class="field">
    <div class="check"><input type="checkbox" id=${id} checked=${value === true} onChange=${() => onChange(value !== true)} /><label for=${id}>${label}</label></div>
    ${schema.description === undefined ? null : html`<span class="hint">${schema.description}</span>`}
    <${Wrong} texts=${wrongAt(issues, path)} id=${`${id}-wrong`} />
  </div>`;
}

/** @param {FieldProps & { values: readonly unknown[] }} props */
function Choice({ schema, value, onChange, path, label, isRequired, issues, values }) {
  const id = useId();
  const at = values.indexOf(value);
  /** @param {Event} event */
  const change = ({ currentTarget }) =>
    onChange(values[Number(/** @type {HTMLSelectElement} */ (currentTarget).value)]);
  return html`<${Labelled} schema=${schema} label=${label} isRequired=${isRequired} wrong=${wrongAt(issues, path)} id=${id}>
    <select id=${id} value=${String(at)} onChange=${change}>
      <option value="-1">${isRequired ? 'Choose' : '–'}</option>
      ${values.map((one, index) => html`<option key=${index} value=${String(index)}>${wordOf(one)}</option>`)}
    </select>
  <//>`;
}

/** @param {unknown} value */
const wordOf = (value) => (typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value));

/** @param {FieldProps & { item: Schema }} props */
function List({ schema, value, onChange, path, label, issues, item, depth = 0 }) {
  const items = Array.isArray(value) ? value : [];
  /** @param {number} at @param {readonly unknown[]} next */
  const splice = (at, next) => onChange([...items.slice(0, at), ...next, ...items.slice(at + 1)]);
  const add = () => onChange([...items, startOf(item) ?? (item.type === 'string' ? '' : undefined)]);
  return html`<fieldset>
    <legend>${label}</legend>
    ${schema.description === undefined ? null : html`<span class="hint quiet small">${schema.description}</span>`}
    ${items.map(
      (one, index) => html`<div class="item" key=${index}>
        <div class="grow"><${SchemaField} schema=${item} value=${one} onChange=${(/** @type {unknown} */ next) => splice(index, [next])} path=${`${path}/${index}`} label=${`${index + 1}.`} isRequired=${true} issues=${issues} depth=${depth + 1} /></div>
        <button type="button" class="plain small" onClick=${() => splice(index, [])}>Remove</button>
      </div>`,
    )}
    <div><button type="button" class="small" onClick=${add}>Add one</button></div>
    <${Wrong} texts=${wrongAt(issues, path)} id=${path} />
  </fieldset>`;
}

/** @param {FieldProps & { properties: readonly import('../schema-shape.js').Property[] }} props */
function Group({ value, onChange, path, label, isRequired, issues, properties, depth = 0 }) {
  const known = /** @type {Record<string, unknown>} */ (typeof value === 'object' && value !== null ? value : {});
  /** @param {string} name @param {unknown} next */
  const change = (name, next) => {
    const { [name]: _before, ...rest } = known;
    const changed = next === undefined ? rest : { ...rest, [name]: next };
    onChange(Object.keys(changed).length === 0 && !isRequired ? undefined : changed);
  };
  const fields = properties.map(
    (property) => html`<${SchemaField} key=${property.name} schema=${property.schema} value=${known[property.name]}
      onChange=${(/** @type {unknown} */ next) => change(property.name, next)} path=${`${path}/${escaped(property.name)}`} label=${property.name}
      isRequired=${property.isRequired} issues=${issues} depth=${depth + 1} />`,
  );
  if (depth === 0)
    return html`<div class="form">${fields}<${Wrong} texts=${wrongAt(issues, path)} id="form-wrong" /></div>`;
  return html`<fieldset><legend>${label}${isRequired ? '' : ' (may be left out)'}</legend>${fields}<${Wrong} texts=${wrongAt(issues, path)} id=${path} /></fieldset>`;
}
