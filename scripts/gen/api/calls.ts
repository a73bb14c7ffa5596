/**
 * How each call of the API is said by the clients of TypeScript and Python: THE table, by `operationId`. What it gives is type-checked and run by
 * `test/reference.test.ts`, which holds what the clients send against the example of the call.
 */
import { asJson, asPython, asTypeScript } from './literals.ts';

/** The example of a call, as `/openapi.json` has it. */
export interface CallExample {
  readonly method: string;
  readonly path: string;
  /** The values of the path's parameters, by name. */
  readonly at: Readonly<Record<string, string>>;
  readonly body: unknown;
}

type Says = (example: CallExample) => string;

const body = (example: CallExample) => example.body as Readonly<Record<string, unknown>>;
const ts = asTypeScript;
const py = asPython;

/** `await client.NAME(…)` with the parameters of the path, and the body where there is one. */
function calls(name: string, ...more: readonly unknown[]): Says {
  return ({ at, body: sent }) => {
    const values = [...Object.values(at), ...(sent === undefined ? [] : [sent]), ...more];
    return `await client.${name}(${values.map(ts).join(', ')});`;
  };
}

/** The same with a name for what comes back. */
function gives(answer: string, name: string, ...more: readonly unknown[]): Says {
  return (example) => `const ${answer} = ${calls(name, ...more)(example)}`;
}

/** Item by item. */
function each(item: string, name: string, ...more: readonly unknown[]): Says {
  return ({ at }) =>
    `for await (const ${item} of client.${name}(${[...Object.values(at), ...more].map(ts).join(', ')})) console.log(${item});`;
}

/** A call of the work: the job that was claimed, and what is said of it. */
function ofWork(name: string, said: (sent: Readonly<Record<string, unknown>>) => readonly unknown[]): Says {
  return (example) => {
    const { fence, ...rest } = body(example);
    const values = [{ id: example.at.id, fence }, ...said(rest)].map(ts);
    return `await client.work.${name}(${values.join(', ')});`;
  };
}

const bulk = (action: string, filter: (sent: Readonly<Record<string, unknown>>) => string, isDry = false): Says => {
  return (example) =>
    `const ${isDry ? 'estimate' : 'job'} = await client.${isDry ? 'bulkCount' : 'bulk'}('${action}', ${filter(body(example))});`;
};

export const TYPESCRIPT: Readonly<Record<string, Says>> = {
  submitJob: gives('job', 'submit'),
  submitJobs: ({ body: sent }) => `const items = await client.submitMany(${ts((sent as { jobs: unknown }).jobs)});`,
  listJobs: () => `const page = await client.listPage({ states: ['succeeded'], pageSize: 1, total: true });`,
  getJob: ({ at }) =>
    `const job = await client.get(${ts(at.id)});\n// client.wait(id) holds on until it is final, client.watch(id) shows each change.`,
  waitForJobs: (example) => `const { jobs } = await client.waitMany(${ts(body(example).ids)}, { timeoutMs: 30_000 });`,
  removeJob: calls('remove'),
  amendJob: gives('job', 'amend'),
  cancelJob: gives('job', 'cancel'),
  retryJob: gives('job', 'retry'),
  resubmitJob: gives('job', 'resubmit'),
  signalJob: ({ at, ...example }) =>
    `await client.signal(${ts(at.id)}, ${ts(at.name)}, ${ts(body({ at, ...example }).value)});`,
  makeJobToken: gives('{ token, expiresAt }', 'token'),
  getResult: gives('result', 'result'),
  getInput: gives('input', 'input'),
  listAttempts: gives('attempts', 'attempts'),
  listParents: gives('parents', 'parents'),
  listChildren: each('job', 'children'),
  readLogs: gives('page', 'logs'),
  readOutput: gives('page', 'output'),
  followJob: each('job', 'events'),
  followJobs: () =>
    `const page = await client.feedPage({ after: 'oldest', types: ['thumbnail'], states: ['failed'] });\n// client.feed() follows without end.`,
  countJobs: gives('counts', 'counts'),
  cancelJobs: bulk('cancel', () => `{ types: ['thumbnail'], states: ['queued'] }`),
  retryJobs: bulk('retry', () => `{ states: ['failed'], finishedFrom: new Date('2026-01-31T00:00:00Z') }`, true),
  removeJobs: bulk('remove', () => `{ tags: { customer: '42' }, states: ['succeeded', 'failed'] }`),
  createGroup: gives('group', 'groups.create'),
  listGroups: each('group', 'groups.list'),
  getGroup: gives('group', 'groups.get'),
  addToGroup: gives('group', 'groups.add'),
  listGroupJobs: each('job', 'groups.jobs', { pageSize: 1 }),
  closeGroup: gives('group', 'groups.close'),
  followGroup: each('group', 'groups.events'),
  cancelGroup: gives('job', 'groups.cancel'),
  retryGroup: gives('job', 'groups.retry'),
  removeGroup: calls('groups.remove'),
  claimWork: gives('jobs', 'work.claim'),
  heartbeatWork: ofWork('heartbeat', ({ progress, ...rest }) => [{ ...(progress as object), ...rest }]),
  succeedWork: ofWork('succeed', ({ result }) => [result]),
  failWork: ofWork('fail', ({ error, retryable }) => [error, { isRetryable: retryable }]),
  releaseWork: ofWork('park', ({ reason }) => [reason]),
  listWorkers: gives('workers', 'workers'),
  listTypes: gives('types', 'types'),
  getType: gives('type', 'type'),
  pauseType: gives('type', 'pauseType'),
  resumeType: gives('type', 'resumeType'),
  readStats: gives('stats', 'stats', { minutes: 2 }),
  readAudit: each('deed', 'audit', { pageSize: 2 }),
  putSchedule: gives('schedule', 'schedules.put'),
  listSchedules: each('schedule', 'schedules.list'),
  getSchedule: gives('schedule', 'schedules.get'),
  removeSchedule: calls('schedules.remove'),
  pauseSchedule: gives('schedule', 'schedules.pause'),
  resumeSchedule: gives('schedule', 'schedules.resume'),
  runSchedule: gives('job', 'schedules.run'),
  listRuns: gives('page', 'schedules.runsPage'),
  listLimits: each('limit', 'limits.list'),
  getLimit: gives('limit', 'limits.get'),
  setLimit: gives('limit', 'limits.set'),
  removeLimit: calls('limits.remove'),
  closeLimit: ({ at, ...example }) =>
    `const limit = await client.limits.close(${ts(at.key)}, { closeMs: ${ts(body({ at, ...example }).untilMs)} });`,
  openLimit: gives('limit', 'limits.open'),
  createWebhook: gives('webhook', 'webhooks.create'),
  listWebhooks: gives('webhooks', 'webhooks.list'),
  getWebhook: gives('webhook', 'webhooks.get'),
  updateWebhook: gives('webhook', 'webhooks.update'),
  removeWebhook: calls('webhooks.remove'),
  rotateWebhook: gives('webhook', 'webhooks.rotate'),
  testWebhook: gives('delivery', 'webhooks.test'),
  getCallbackSecret: gives('secret', 'webhooks.callbackSecret'),
  rotateCallbackSecret: gives('secret', 'webhooks.rotateCallbackSecret'),
  listWebhookDeliveries: each('delivery', 'webhooks.deliveries', { pageSize: 1 }),
  getWebhookDelivery: gives('delivery', 'webhooks.delivery'),
  redeliverWebhookDelivery: gives('delivery', 'webhooks.redeliver'),
  redeliverFailedDeliveries: ({ at, ...example }) =>
    `const count = await client.webhooks.redeliverFailed(${ts(at.id)}, new Date(${ts(body({ at, ...example }).failedSince)}));`,
  listJobDeliveries: each('delivery', 'webhooks.deliveriesOfJob', { pageSize: 1 }),
  redeliverJobDelivery: gives('delivery', 'webhooks.redeliverOfJob'),
  createKey: (example) => {
    const { expiresAt, ...draft } = body(example);
    const fields = Object.entries(draft).map(([name, value]) => `  ${name}: ${ts(value)},`);
    return `const key = await client.keys.create({\n${fields.join('\n')}\n  expiresAt: new Date(${ts(expiresAt)}),\n});`;
  },
  listKeys: gives('keys', 'keys.list', { tenant: 'shop' }),
  revokeKey: calls('keys.revoke'),
};

/** `client.NAME(…)` of the Python client. */
function pythonCall(answer: string, name: string): Says {
  return ({ at }) => `${answer === '' ? '' : `${answer} = `}client.${name}(${Object.values(at).map(py).join(', ')})`;
}

function pythonEach(item: string, name: string): Says {
  return ({ at }) => `for ${item} in client.${name}(${Object.values(at).map(py).join(', ')}):\n    print(${item})`;
}

export const PYTHON: Readonly<Record<string, Says>> = {
  submitJob: (example) => {
    const { type, input, ...options } = body(example);
    const named = Object.entries(options).map(([name, value]) => `    ${name}=${py(value)},`);
    return `job = client.submit(\n    ${py(type)},\n    ${py(input)},\n${named.join('\n')}\n)`;
  },
  submitJobs: (example) => `items = client.submit_many(${py(body(example).jobs)})`,
  listJobs: () => 'for job in client.list(states=["succeeded"], page_size=1):\n    print(job["id"])',
  getJob: pythonCall('job', 'get'),
  waitForJobs: (example) => `jobs = client.wait_many(${py(body(example).ids)}, timeout=30)`,
  removeJob: pythonCall('', 'remove'),
  cancelJob: pythonCall('job', 'cancel'),
  retryJob: pythonCall('job', 'retry'),
  signalJob: ({ at, ...example }) =>
    `client.signal(${py(at.id)}, ${py(at.name)}, ${py(body({ at, ...example }).value)})`,
  makeJobToken: ({ at, ...example }) =>
    `answer = client.token(${py(at.id)}, ttl_ms=${py(body({ at, ...example }).ttlMs)})`,
  getResult: pythonCall('result', 'result'),
  getInput: pythonCall('input', 'input'),
  listAttempts: pythonCall('attempts', 'attempts'),
  listParents: pythonCall('parents', 'parents'),
  readLogs: pythonEach('line', 'logs'),
  readOutput: pythonEach('chunk', 'output'),
  followJob: pythonEach('job', 'events'),
};

/** A stream, and text: its `call` reads JSON. */
const NOT_IN_PYTHON: ReadonlySet<string> = new Set(['followGroup', 'getMetrics']);

/** Where the Python client has no method of its own, its `call` does it. */
export function pythonOf(operationId: string, example: CallExample): string | null {
  if (NOT_IN_PYTHON.has(operationId)) return null;
  const own = PYTHON[operationId];
  if (own !== undefined) return own(example);
  const url = new URL(example.path, 'http://host');
  const query = Object.fromEntries(url.searchParams);
  const values = [py(example.method), py(url.pathname), ...(example.body === undefined ? [] : [py(example.body)])];
  const named = Object.keys(query).length === 0 ? [] : [`query=${py(query)}`];
  return `answer = client.call(${[...values, ...named].join(', ')})`;
}

export function typeScriptOf(operationId: string, example: CallExample): string | null {
  return TYPESCRIPT[operationId]?.(example) ?? null;
}

export function curlOf({ method, path, body: sent }: CallExample, isOpen: boolean): string {
  const url = `"$BIDE_URL${path}"`;
  const options = [
    ...(method === 'GET' ? [] : [`-X ${method}`]),
    url,
    ...(isOpen ? [] : ['-H "Authorization: Bearer $BIDE_KEY"']),
    ...(sent === undefined
      ? []
      : [
          `-H 'Content-Type: application/json'`,
          `-d '${asJson(sent).replaceAll("'", "'\\''").replaceAll('\n', '\n  ')}'`,
        ]),
  ];
  const head = `curl ${options.slice(0, method === 'GET' ? 1 : 2).join(' ')}`;
  return [head, ...options.slice(method === 'GET' ? 1 : 2)].join(' \\\n  ');
}
