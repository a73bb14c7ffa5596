/** What can be done about a group as one. Many jobs are changed by a job of its own, which is shown. */
import { useState } from 'preact/hooks';
import { countText } from '../format.js';
import { html } from '../html.js';
import { go } from '../router.js';
import { may } from '../session.js';
import { useShared } from '../shared.js';
import { Confirm } from './dialog.js';
import { say } from './notice.js';

/** @typedef {'close' | 'cancel' | 'retry' | 'remove'} Deed */

/** @param {{ group: import('bide/client').GroupBody, onChanged: () => void }} props */
export function GroupActions({ group: { id, state, counts }, onChanged }) {
  const { api, session } = useShared();
  const [asked, ask] = useState(/** @type {Deed | null} */ (null));
  if (!may(session, 'submit')) return null;
  const ended = counts.failed + counts.expired + counts.cancelled;
  /** @type {Readonly<Record<Deed, { title: string, action: string, text: string, act: () => Promise<unknown> }>>} */
  const deeds = {
    close: {
      title: 'Close this group?',
      action: 'Close the group',
      text: 'It takes no more jobs, and ends with the last of those that it has.',
      act: () => api.groups.close(id),
    },
    cancel: {
      title: `Cancel ${countText(counts.unfinished)} jobs?`,
      action: 'Cancel them',
      text: 'The group is closed, and all of its jobs that have not ended are cancelled.',
      act: async () => say('The jobs are being cancelled.', (await api.groups.cancel(id)).id),
    },
    retry: {
      title: `Retry ${countText(ended)} jobs?`,
      action: 'Retry them',
      text: 'All that failed, expired or were cancelled run again. What followed the end of the group is not submitted again.',
      act: async () => say('The jobs run again.', (await api.groups.retry(id)).id),
    },
    remove: {
      title: 'Remove this group?',
      action: 'Remove the group',
      text: 'Its jobs stay and go on. Nothing is submitted at their end. This cannot be undone.',
      act: async () => {
        await api.groups.remove(id);
        say('The group is removed.');
        go('/groups');
      },
    },
  };
  const deed = asked === null ? null : deeds[asked];
  const confirm = async () => {
    await deed?.act();
    if (asked !== 'remove') onChanged();
  };
  return html`<div class="row" role="group" aria-label="Actions">
    ${state === 'open' && html`<button type="button" class="primary" onClick=${() => ask('close')}>Close</button>`}
    ${ended > 0 && html`<button type="button" onClick=${() => ask('retry')}>Retry failed</button>`}
    ${counts.unfinished > 0 && html`<button type="button" class="danger" onClick=${() => ask('cancel')}>Cancel all</button>`}
    <button type="button" class="danger" onClick=${() => ask('remove')}>Remove</button>
    ${deed !== null && html`<${Confirm} title=${deed.title} action=${deed.action} isDangerous=${asked === 'cancel' || asked === 'remove'} onConfirm=${confirm} onClose=${() => ask(null)}><p>${deed.text}</p><//>`}
  </div>`;
}
