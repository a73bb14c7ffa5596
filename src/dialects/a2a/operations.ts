/** What a client can ask for, by the names that JSON-RPC has for it in either version; the paths of HTTP lead to the same. */
import type { Json } from '../../core/job.ts';
import type { Scope } from '../../core/scopes.ts';
import type { Snapshot } from '../../engine/api.ts';
import type { Call } from './call.ts';
import { cardOf } from './card.ts';
import { configRef, configRequest, sendRequest } from './legacy-requests.ts';
import { listTasks } from './listing.ts';
import { createConfig, deleteConfig, getConfig, listConfigs } from './pushing.ts';
import { cancelTask, getTask } from './reading.ts';
import { sendMessage } from './sending.ts';
import { streamMessage, subscribe } from './streaming.ts';
import type { Version } from './wire.ts';

export type Operation =
  | {
      readonly kind: 'answer';
      readonly scope: Scope;
      readonly run: (call: Call, params: Json) => Promise<object | null>;
    }
  /** The task that a stream is to follow. */
  | { readonly kind: 'stream'; readonly scope: Scope; readonly run: (call: Call, params: Json) => Promise<Snapshot> };

const answer = (scope: Scope, run: (call: Call, params: Json) => Promise<object | null>): Operation => ({
  kind: 'answer',
  scope,
  run,
});
const stream = (scope: Scope, run: (call: Call, params: Json) => Promise<Snapshot>): Operation => ({
  kind: 'stream',
  scope,
  run,
});

export const OPERATIONS = {
  SendMessage: answer('submit', sendMessage),
  SendStreamingMessage: stream('submit', streamMessage),
  GetTask: answer('read', getTask),
  ListTasks: answer('read', listTasks),
  CancelTask: answer('submit', cancelTask),
  SubscribeToTask: stream('read', subscribe),
  CreateTaskPushNotificationConfig: answer('submit', createConfig),
  GetTaskPushNotificationConfig: answer('read', getConfig),
  ListTaskPushNotificationConfigs: answer('read', listConfigs),
  DeleteTaskPushNotificationConfig: answer('submit', deleteConfig),
  GetExtendedAgentCard: answer('read', async (call) => extendedCard(call)),
} as const satisfies Readonly<Record<string, Operation>>;

function extendedCard({ context, request, spelling: { version } }: Call): object {
  return cardOf(context, { url: context.publicUrl(request), audience: 'callers', version });
}

/** The same operation for params that another version has another form for. */
function from({ ...operation }: Operation, form: (params: Json) => Json): Operation {
  const { run } = operation;
  return { ...operation, run: (call: Call, params: Json) => run(call, form(params)) } as Operation;
}

const LEGACY: Readonly<Record<string, Operation>> = {
  'message/send': from(OPERATIONS.SendMessage, sendRequest),
  'message/stream': from(OPERATIONS.SendStreamingMessage, sendRequest),
  'tasks/get': OPERATIONS.GetTask,
  'tasks/cancel': OPERATIONS.CancelTask,
  'tasks/resubscribe': OPERATIONS.SubscribeToTask,
  'tasks/pushNotificationConfig/set': from(OPERATIONS.CreateTaskPushNotificationConfig, configRequest),
  'tasks/pushNotificationConfig/get': from(OPERATIONS.GetTaskPushNotificationConfig, configRef),
  'tasks/pushNotificationConfig/delete': from(OPERATIONS.DeleteTaskPushNotificationConfig, configRef),
  'tasks/pushNotificationConfig/list': from(OPERATIONS.ListTaskPushNotificationConfigs, configRef),
  'agent/getAuthenticatedExtendedCard': OPERATIONS.GetExtendedAgentCard,
};

export const METHODS: Readonly<Record<Version, Readonly<Record<string, Operation>>>> = {
  '1.0': OPERATIONS,
  '0.3': LEGACY,
};
