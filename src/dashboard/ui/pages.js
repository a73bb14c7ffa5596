/** Every page, where it is, and the scope that its calls need. Those without a title are reached from others. */
import { later } from './later.js';
import { Job } from './pages/job.js';
import { Types } from './pages/job-types.js';
import { Jobs } from './pages/jobs.js';
import { Overview } from './pages/overview.js';

const Audit = later(async () => (await import('./pages/audit.js')).Audit);
const Dialects = later(async () => (await import('./pages/dialects.js')).Dialects);
const Group = later(async () => (await import('./pages/group.js')).Group);
const Groups = later(async () => (await import('./pages/groups.js')).Groups);
const Keys = later(async () => (await import('./pages/keys.js')).Keys);
const Limits = later(async () => (await import('./pages/limits.js')).Limits);
const Schedule = later(async () => (await import('./pages/schedule.js')).Schedule);
const Schedules = later(async () => (await import('./pages/schedules.js')).Schedules);
const Type = later(async () => (await import('./pages/job-type.js')).Type);
const Webhook = later(async () => (await import('./pages/webhook.js')).Webhook);
const Webhooks = later(async () => (await import('./pages/webhooks.js')).Webhooks);
const Workers = later(async () => (await import('./pages/workers.js')).Workers);

/** @typedef {{ path: string, title: string | null, scope: string | null, view: import('preact').FunctionComponent<{ id: string }> }} PageEntry */

/** @type {readonly PageEntry[]} */
export const PAGES = [
  { path: '/', title: 'Overview', scope: 'read', view: Overview },
  { path: '/jobs', title: 'Jobs', scope: 'read', view: Jobs },
  { path: '/jobs/:id', title: null, scope: 'read', view: Job },
  { path: '/groups', title: 'Groups', scope: 'read', view: Groups },
  { path: '/groups/:id', title: null, scope: 'read', view: Group },
  { path: '/types', title: 'Types', scope: 'read', view: Types },
  { path: '/types/:id', title: null, scope: 'read', view: Type },
  { path: '/schedules', title: 'Schedules', scope: 'read', view: Schedules },
  { path: '/schedules/:id', title: null, scope: 'read', view: Schedule },
  { path: '/limits', title: 'Limits', scope: 'read', view: Limits },
  { path: '/webhooks', title: 'Webhooks', scope: 'operate', view: Webhooks },
  { path: '/webhooks/:id', title: null, scope: 'operate', view: Webhook },
  { path: '/keys', title: 'Keys', scope: 'admin', view: Keys },
  { path: '/workers', title: 'Workers', scope: 'read', view: Workers },
  { path: '/audit', title: 'Audit', scope: 'read', view: Audit },
  { path: '/dialects', title: 'Dialects', scope: null, view: Dialects },
];

/** @param {string} path @returns {{ page: PageEntry, id: string } | null} */
export function pageOf(path) {
  for (const page of PAGES) {
    if (page.path === path) return { page, id: '' };
    if (!page.path.endsWith('/:id')) continue;
    const start = page.path.slice(0, -':id'.length);
    const rest = path.startsWith(start) ? path.slice(start.length) : '';
    if (rest !== '' && !rest.includes('/')) return { page, id: decodeURIComponent(rest) };
  }
  return null;
}
