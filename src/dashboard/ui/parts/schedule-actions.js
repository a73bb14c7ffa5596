/** What can be done about one schedule. Those of the config are changed there, and only paused and run here. */
import { useState } from 'preact/hooks';
import { html } from '../html.js';
import { go } from '../router.js';
import { may } from '../session.js';
import { useShared } from '../shared.js';
import { useLoaded } from '../use-loaded.js';
import { ActButton } from './act.js';
import { Confirm } from './dialog.js';
import { FormDialog } from './form-dialog.js';
import { say } from './notice.js';
import { draftOf, ScheduleFields } from './schedule-form.js';

/** @typedef {import('bide/client').ScheduleBody} ScheduleBody */

/** @param {{ schedule: ScheduleBody, onChanged: () => void }} props */
export function ScheduleActions({ schedule, onChanged }) {
  const { api, session } = useShared();
  const [asked, ask] = useState(/** @type {'change' | 'delete' | null} */ (null));
  const { name, paused, source } = schedule;
  if (!may(session, 'operate')) return null;
  const run = async () => {
    const { id } = await api.schedules.run(name);
    say('A job is submitted.', id);
    onChanged();
  };
  const turn = async () => {
    await (paused ? api.schedules.resume(name) : api.schedules.pause(name));
    say(paused ? `${name} goes on with its next tick.` : `${name} is paused.`);
    onChanged();
  };
  const remove = async () => {
    await api.schedules.remove(name);
    say(`The schedule ${name} is deleted.`);
    go('/schedules');
  };
  const close = () => ask(null);
  return html`<div class="row" role="group" aria-label="Actions">
    <${ActButton} act=${run} class="primary">Run now<//>
    <${ActButton} act=${turn} class="">${paused ? 'Resume' : 'Pause'}<//>
    ${source === 'api' && html`<button type="button" onClick=${() => ask('change')}>Change</button>`}
    ${source === 'api' && html`<button type="button" class="danger" onClick=${() => ask('delete')}>Delete</button>`}
    ${asked === 'change' && html`<${ChangeSchedule} schedule=${schedule} onChanged=${onChanged} onClose=${close} />`}
    ${
      asked === 'delete' &&
      html`<${Confirm} title=${`Delete the schedule ${name}?`} action="Delete" isDangerous=${true} onConfirm=${remove} onClose=${close}>
        <p>It submits nothing any more. Jobs that it has submitted stay. This cannot be undone.</p>
      <//>`
    }
  </div>`;
}

/** @param {{ schedule: ScheduleBody, onChanged: () => void, onClose: () => void }} props */
function ChangeSchedule({ schedule, onChanged, onClose }) {
  const { api, session } = useShared();
  const types = useLoaded((signal) => api.types({ signal }), [api]).value;
  /** @param {FormData} form */
  const change = async (form) => {
    await api.schedules.put(schedule.name, draftOf(form, schedule));
    say(`The schedule ${schedule.name} is changed.`);
    onClose();
    onChanged();
  };
  if (types === undefined) return null;
  return html`<${FormDialog} title=${`Change ${schedule.name}`} action="Save" onSubmit=${change} onClose=${onClose}>
    <${ScheduleFields} schedule=${schedule} types=${types.map(({ name }) => name)} mayReadInput=${may(session, 'read:payload')} />
  <//>`;
}
