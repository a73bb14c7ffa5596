/** What a client is told of a job while it waits: its progress where it asked for that, the state of its task, what a person is asked for. */
import type { Snapshot } from '../../engine/api.ts';
import type { Call } from './call.ts';
import { requestOf } from './inputs.ts';
import { taskBody } from './legacy/task-body.ts';
import { taskIdOf } from './mapping.ts';
import { type Place, placeText } from './place.ts';
import { notificationText } from './rpc.ts';
import { asksFor } from './tasks.ts';
import { META, RESUMABLE_SINCE } from './wire.ts';

export interface Notice {
  readonly text: string;
  /** By which a client comes back that has seen it; null where that is as before. */
  readonly eventId: string | null;
}

export type Notices = (snapshot: Snapshot) => readonly Notice[];

/** Of one stream: nothing is told twice on it. */
export function createNotices(call: Call, place: Place): Notices {
  const { kind, progressToken } = place;
  const all: Notices[] = [];
  if (progressToken !== null) all.push(progressNotices(progressToken));
  if (call.peer.isLegacy) {
    if (kind === 'result') all.push(statusNotices(call));
    if (kind !== 'wait') all.push(inputNotices(call, place));
  }
  return (snapshot) => all.flatMap((notices) => notices(snapshot));
}

/** It only ever grows, as the protocol wants: an attempt that begins anew is silent until it is further than the one before. */
function progressNotices(progressToken: string | number): Notices {
  let told = -1;
  return ({ job: { progress, state } }) => {
    const percent = state === 'succeeded' ? 100 : progress.percent;
    if (percent <= told) return [];
    told = percent;
    const { message } = progress;
    const params = { progressToken, progress: percent, total: 100, ...(message === null ? {} : { message }) };
    return [passing(notificationText('notifications/progress', params))];
  };
}

function statusNotices(call: Call): Notices {
  let told: string | null = null;
  return (snapshot) => {
    const body = taskBody(call, snapshot);
    const isNews = told !== null && told !== body.status;
    told = body.status;
    return isNews ? [passing(notificationText('notifications/tasks/status', body))] : [];
  };
}

function passing(text: string): Notice {
  return { text, eventId: null };
}

/**
 * The answer comes as a message of its own, to whichever node: the id says what it answers. A form that the client has seen is not shown
 * again when its stream is resumed: the event that brought it has an id, which says so.
 */
function inputNotices(call: Call, place: Place): Notices {
  const asked = new Set(place.asked);
  const { isLegacy, version } = call.peer;
  const isResumable = isLegacy && version >= RESUMABLE_SINCE;
  return (snapshot) => {
    const { job } = snapshot;
    const news = asksFor(call, snapshot).filter((name) => !asked.has(name));
    return news.map((name) => {
      asked.add(name);
      const { method, params } = requestOf(name, call.desk.tools.settingsOf(job.type));
      const related = { _meta: { [META.relatedTask]: { taskId: taskIdOf(job) } } };
      const message = { jsonrpc: '2.0', id: inputId(job.id, name), method, params: { ...params, ...related } };
      const eventId = isResumable ? placeText({ ...place, asked: [...asked] }) : null;
      return { text: JSON.stringify(message), eventId };
    });
  };
}

const INPUT_ID = /^bide-input\/([0-9a-f-]{36})\/(.{1,200})$/;

export function inputId(jobId: string, name: string): string {
  return `bide-input/${jobId}/${name}`;
}

/** Which input of which job a response is about; null for a request that was none of ours. */
export function inputOf(id: string | number): { readonly jobId: string; readonly name: string } | null {
  const [, jobId, name] = INPUT_ID.exec(String(id)) ?? [];
  return jobId === undefined || name === undefined ? null : { jobId, name };
}
