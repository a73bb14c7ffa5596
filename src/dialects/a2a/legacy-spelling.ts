/** What version 0.3 calls what 1.0 tells: `kind` fields, lower-case states, parts and push configs one level deeper. Pure. */
import { isObject } from '../../core/json-object.ts';
import type { Artifact, Content } from './parts.ts';
import type { PushConfig } from './push-config.ts';
import { idsOf, messageIdOf, metadataOf, nameOf, type Spelling, type TaskView } from './spelling.ts';
import type { TaskState } from './wire.ts';

const STATES: Readonly<Record<TaskState, string>> = {
  TASK_STATE_SUBMITTED: 'submitted',
  TASK_STATE_WORKING: 'working',
  TASK_STATE_COMPLETED: 'completed',
  TASK_STATE_FAILED: 'failed',
  TASK_STATE_CANCELED: 'canceled',
  TASK_STATE_INPUT_REQUIRED: 'input-required',
  TASK_STATE_REJECTED: 'rejected',
  TASK_STATE_AUTH_REQUIRED: 'auth-required',
};

/** After which a stream of this version ends. */
const LAST: ReadonlySet<TaskState> = new Set<TaskState>([
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_REJECTED',
  'TASK_STATE_INPUT_REQUIRED',
  'TASK_STATE_AUTH_REQUIRED',
]);

export const legacy: Spelling = {
  version: '0.3',
  task: legacyTask,
  sent: legacyTask,
  begun: legacyTask,
  status: (view) => ({
    kind: 'status-update',
    ...idsOf(view),
    status: statusOf(view),
    final: LAST.has(view.state),
    metadata: metadataOf(view),
  }),
  artifact: (view, { artifact, isAppended, isLast }) => ({
    kind: 'artifact-update',
    ...idsOf(view),
    artifact: artifactOf(artifact),
    append: isAppended,
    lastChunk: isLast,
  }),
  pushed: legacyTask,
  pushConfig: configOf,
  pushConfigs: (taskId, configs) => configs.map((config) => configOf(taskId, config)),
};

function legacyTask(view: TaskView): object {
  const { job, contextId, artifacts } = view;
  return {
    kind: 'task',
    id: job.id,
    contextId,
    status: statusOf(view),
    ...(artifacts === null ? {} : { artifacts: artifacts.map(artifactOf) }),
    metadata: metadataOf(view),
  };
}

function statusOf(view: TaskView): object {
  const { state, text, at } = view;
  const message = {
    kind: 'message',
    messageId: messageIdOf(view),
    ...idsOf(view),
    role: 'agent',
    parts: [{ kind: 'text', text }],
  };
  return { state: STATES[state], ...(text === null ? {} : { message }), timestamp: at };
}

function artifactOf({ id, contents }: Artifact): object {
  return { artifactId: id, name: nameOf(id), parts: contents.map(partOf) };
}

/** Data are objects in this version: anything else is held by one, with the flag by which the SDKs of all languages know that. */
function partOf(content: Content): object {
  if (content.kind === 'text') return { kind: 'text', text: content.text };
  if (content.kind === 'file') {
    return { kind: 'file', file: { bytes: content.bytes ?? '', mimeType: content.mediaType ?? undefined } };
  }
  if (isObject(content.data)) return { kind: 'data', data: content.data };
  return { kind: 'data', data: { value: content.data }, metadata: { data_part_compat: true } };
}

function configOf(taskId: string, { id, url, token, scheme, credentials }: PushConfig): object {
  const authentication = { schemes: [scheme], ...(credentials === null ? {} : { credentials }) };
  return {
    taskId,
    pushNotificationConfig: {
      id,
      url,
      ...(token === null ? {} : { token }),
      ...(scheme === null ? {} : { authentication }),
    },
  };
}
