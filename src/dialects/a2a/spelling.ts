/** How a version of the protocol spells what it tells: tasks, their updates, push configs. One operation is the same in all of them. */
import type { Job } from '../../core/job.ts';
import { contextOf, isoTime, stateOf, statusAt, statusText } from './mapping.ts';
import type { Artifact, Content } from './parts.ts';
import { RESULT } from './parts.ts';
import type { PushConfig } from './push-config.ts';
import type { TaskState, Version } from './wire.ts';

/** A task, whatever the version. */
export interface TaskView {
  readonly job: Job;
  readonly state: TaskState;
  readonly text: string | null;
  readonly at: string;
  readonly contextId: string;
  /** Null where they are not told. */
  readonly artifacts: readonly Artifact[] | null;
}

export function viewOf(job: Job, now: number, artifacts: readonly Artifact[] | null): TaskView {
  return {
    job,
    state: stateOf(job, now),
    text: statusText(job),
    at: isoTime(statusAt(job)),
    contextId: contextOf(job),
    artifacts,
  };
}

/** Part of an artifact, as a stream brings it. */
export interface ArtifactPart {
  readonly artifact: Artifact;
  /** Behind what was brought of it before; else in its place. */
  readonly isAppended: boolean;
  readonly isLast: boolean;
}

export interface Spelling {
  readonly version: Version;
  task(view: TaskView): object;
  /** What a sent message is answered with. */
  sent(view: TaskView): object;
  /** The task as the beginning of a stream. */
  begun(view: TaskView): object;
  status(view: TaskView): object;
  artifact(view: TaskView, part: ArtifactPart): object;
  /** What a receiver of push notifications is told. */
  pushed(view: TaskView): object;
  pushConfig(taskId: string, config: PushConfig): object;
  pushConfigs(taskId: string, configs: readonly PushConfig[]): object;
}

export const modern: Spelling = {
  version: '1.0',
  task: modernTask,
  sent: (view) => ({ task: modernTask(view) }),
  begun: (view) => ({ task: modernTask(view) }),
  status: (view) => ({ statusUpdate: { ...idsOf(view), status: modernStatus(view), metadata: metadataOf(view) } }),
  artifact: (view, { artifact, isAppended, isLast }) => ({
    artifactUpdate: { ...idsOf(view), artifact: modernArtifact(artifact), append: isAppended, lastChunk: isLast },
  }),
  pushed: (view) =>
    view.artifacts === null
      ? { statusUpdate: { ...idsOf(view), status: modernStatus(view), metadata: metadataOf(view) } }
      : { task: modernTask(view) },
  pushConfig: modernPushConfig,
  pushConfigs: (taskId, configs) => ({
    configs: configs.map((config) => modernPushConfig(taskId, config)),
    nextPageToken: '',
  }),
};

export function idsOf({ job, contextId }: TaskView): { readonly taskId: string; readonly contextId: string } {
  return { taskId: job.id, contextId };
}

export function metadataOf({ job }: TaskView): object {
  const percent = job.state === 'succeeded' ? 100 : job.progress.percent;
  return { skill: job.type, attempt: job.attempt, ...(percent > 0 ? { progressPercent: percent } : {}) };
}

/** The same for the same state, so that a client tells news from repetition. */
export function messageIdOf({ job, state }: TaskView): string {
  return `${job.id}-${job.revision}-${state.slice('TASK_STATE_'.length).toLowerCase()}`;
}

function modernTask(view: TaskView): object {
  const { job, contextId, artifacts } = view;
  return {
    id: job.id,
    contextId,
    status: modernStatus(view),
    ...(artifacts === null ? {} : { artifacts: artifacts.map(modernArtifact) }),
    metadata: metadataOf(view),
  };
}

function modernStatus(view: TaskView): object {
  const { state, text, at } = view;
  const message = {
    messageId: messageIdOf(view),
    ...idsOf(view),
    role: 'ROLE_AGENT',
    parts: [{ text, mediaType: 'text/plain' }],
  };
  return { state, ...(text === null ? {} : { message }), timestamp: at };
}

function modernArtifact({ id, contents }: Artifact): object {
  return { artifactId: id, name: nameOf(id), parts: contents.map(modernPart) };
}

export function nameOf(artifactId: string): string {
  return artifactId === RESULT ? 'Result' : 'Output';
}

function modernPart(content: Content): object {
  if (content.kind === 'text') return { text: content.text, mediaType: content.mediaType };
  if (content.kind === 'data') return { data: content.data, mediaType: 'application/json' };
  return { raw: content.bytes ?? '', mediaType: content.mediaType ?? 'application/octet-stream' };
}

function modernPushConfig(taskId: string, { id, url, token, scheme, credentials }: PushConfig): object {
  return {
    id,
    taskId,
    url,
    ...(token === null ? {} : { token }),
    ...(scheme === null ? {} : { authentication: { scheme, ...(credentials === null ? {} : { credentials }) } }),
  };
}
