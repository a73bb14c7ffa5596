/** The state of a job: by colour and by word. */
import { html } from '../html.js';

/** @type {Readonly<Record<string, string>>} */
export const TONES = {
  scheduled: 'idle',
  queued: 'idle',
  waiting: 'idle',
  retrying: 'warn',
  running: 'busy',
  succeeded: 'good',
  failed: 'bad',
  expired: 'bad',
  cancelled: 'idle',
};

/** @param {{ state: string, note?: string | null }} props */
export const StateBadge = ({ state, note = null }) =>
  html`<span class="badge ${TONES[state] ?? ''}" title=${note}>${state}</span>`;
