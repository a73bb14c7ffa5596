/** The fields of a schedule, for making one and for changing one, and what they say as the server takes it. */
import { html } from '../html.js';
import { jsonFault, parseExactly, prettyJson } from '../json-text.js';
import { isoOf, localText } from '../local-time.js';
import { tagsOf, tagsText } from '../tags-text.js';

/** @typedef {import('bide/client').ScheduleBody} ScheduleBody */
/** @typedef {import('bide/client').ScheduleDraft} ScheduleDraft */

const OVERLAPS = /** @type {const} */ ([
  ['allow', 'Run all the same'],
  ['skip', 'Skip the tick'],
  ['queue', 'Queue one behind it'],
]);
const MISSED = /** @type {const} */ ([
  ['skip', 'Skip them'],
  ['last', 'Make up for the last'],
  ['all', 'Make up for all, up to a bound'],
]);

/** What the form does not show stays as it was. @param {FormData} form @param {ScheduleBody | undefined} before @returns {ScheduleDraft} */
export function draftOf(form, before) {
  const word = (/** @type {string} */ name) => String(form.get(name) ?? '').trim();
  const moment = (/** @type {'startAt' | 'endAt'} */ name) => {
    const was = before?.[name] ?? null;
    return word(name) === localText(was) ? was : isoOf(word(name));
  };
  const { input, tags, priority, ...rest } = before?.job ?? { type: '' };
  const given = form.has('input') ? inputOf(word('input')) : input === undefined ? {} : { input };
  return {
    cron: word('cron'),
    timeZone: word('timeZone') || 'UTC',
    jitterMs: Math.round(1_000 * Number(word('jitterS'))),
    overlap: OVERLAPS.find(([value]) => value === word('overlap'))?.[0] ?? 'allow',
    missed: MISSED.find(([value]) => value === word('missed'))?.[0] ?? 'last',
    startAt: moment('startAt'),
    endAt: moment('endAt'),
    job: {
      ...{ ...rest, type: word('type'), ...given },
      ...(word('tags') === '' ? {} : { tags: tagsOf(word('tags')) }),
      ...(word('priority') === '' ? {} : { priority: Number(word('priority')) }),
    },
  };
}

/** @param {string} text */
function inputOf(text) {
  if (text === '') return {};
  const fault = jsonFault(text);
  if (fault !== null) throw new Error(`The input is no JSON: ${fault}`);
  return { input: parseExactly(text) };
}

/** @param {{ schedule?: ScheduleBody, types: readonly string[], mayReadInput: boolean }} props */
export function ScheduleFields({ schedule, types, mayReadInput }) {
  const job = schedule?.job;
  const names = [...new Set([...(job === undefined ? [] : [job.type]), ...types])];
  return html`
    ${schedule === undefined ? html`<label class="field"><span>Name</span><input name="name" required autofocus maxlength="150" placeholder="nightly" autocomplete="off" /></label>` : null}
    <label class="field"><span>When</span><input name="cron" class="mono" required autofocus=${schedule !== undefined} maxlength="1000" defaultValue=${schedule?.cron ?? ''} placeholder="30 2 * * MON-FRI" autocomplete="off" spellcheck=${false} /><span class="hint">Minute, hour, day, month, weekday; a field more in front for seconds. Or @daily, @every 10m.</span></label>
    <label class="field"><span>Time zone</span><input name="timeZone" list="zones" maxlength="1000" defaultValue=${schedule?.timeZone ?? localZone()} placeholder="UTC" autocomplete="off" spellcheck=${false} /><datalist id="zones">${zones().map((zone) => html`<option key=${zone} value=${zone}></option>`)}</datalist></label>
    <label class="field"><span>Type</span><select name="type" required defaultValue=${job?.type}>${names.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}</select></label>
    ${mayReadInput || schedule === undefined ? html`<label class="field"><span>Input (JSON)</span><textarea name="input" class="short" spellcheck=${false} placeholder="{}" defaultValue=${inputText(job?.input)}></textarea></label>` : null}
    <details>
      <summary>Overlap, missed ticks, start and end, tags</summary>
      <div class="form details">
        <${Choice} name="overlap" label="While an earlier job is unfinished" choices=${OVERLAPS} value=${schedule?.overlap ?? 'allow'} />
        <${Choice} name="missed" label="Ticks that nobody was there for" choices=${MISSED} value=${schedule?.missed ?? 'last'} />
        <label class="field"><span>Jitter (seconds)</span><input name="jitterS" type="number" min="0" step="any" defaultValue=${(schedule?.jitterMs ?? 0) / 1_000} /><span class="hint">Each job is due up to this long after its tick.</span></label>
        <label class="field"><span>No tick before</span><input name="startAt" type="datetime-local" defaultValue=${localText(schedule?.startAt ?? null)} /></label>
        <label class="field"><span>No tick from</span><input name="endAt" type="datetime-local" defaultValue=${localText(schedule?.endAt ?? null)} /></label>
        <label class="field"><span>Tags</span><input name="tags" defaultValue=${tagsText(job?.tags ?? {})} placeholder="customer=acme, batch=7" autocomplete="off" /></label>
        <label class="field"><span>Priority</span><input name="priority" type="number" step="1" defaultValue=${job?.priority ?? ''} placeholder="0" /><span class="hint">Above 0 needs a key with the scope priority.</span></label>
      </div>
    </details>`;
}

/** @param {{ name: string, label: string, choices: readonly (readonly [string, string])[], value: string }} props */
const Choice = ({ name, label, choices, value }) => html`<label class="field"><span>${label}</span>
  <select name=${name} defaultValue=${value}>${choices.map(([one, text]) => html`<option key=${one} value=${one} selected=${one === value}>${text}</option>`)}</select>
</label>`;

/** @param {unknown} input */
const inputText = (input) => (input === undefined ? '' : (prettyJson(JSON.stringify(input)) ?? ''));
const localZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
const zones = () => Intl.supportedValuesOf('timeZone');

/** @param {readonly (readonly [string, string])[]} choices @param {string} value */
const wordOf = (choices, value) => choices.find(([one]) => one === value)?.[1] ?? value;
/** @param {string} overlap */
export const overlapText = (overlap) => wordOf(OVERLAPS, overlap);
/** @param {string} missed */
export const missedText = (missed) => wordOf(MISSED, missed);
