/**
 * Push notification configs of a task: the one that came with the message that made it, which is the callback of the job, and those that it was
 * given since. To the client they are one list.
 */
import { BideError } from '../../core/errors.ts';
import type { Job, Json } from '../../core/job.ts';
import { hasScope, requireScope } from '../credentials.ts';
import { compileCheck } from '../schema-check.ts';
import type { Call } from './call.ts';
import { DIALECT, type Pushed, pushedIn, remembered } from './mapping.ts';
import { type PushConfig, pushConfigOf, pushFields } from './push-config.ts';
import { taskIn } from './streaming.ts';
import { requireForm } from './submission.ts';
import { PushConfigIn, PushConfigRef } from './wire.ts';

const check = compileCheck(PushConfigIn);
const checkRef = compileCheck(PushConfigRef);

export async function createConfig(call: Call, params: Json): Promise<object> {
  // The task is told to it, with what came of it.
  requireScope(call.principal, 'read');
  requireForm(check(params));
  const given = params as unknown as PushConfigIn;
  const { job } = await taskIn(call, { id: given.taskId ?? null });
  const { callbacks } = call.context.engine;
  const { tenant } = call.principal;
  // Whoever names none has one, as the servers of both versions have it.
  const config = pushConfigOf(given, job.id);
  await callbacks.put(tenant, job.id, {
    id: config.id,
    url: config.url,
    dialect: DIALECT,
    data: { version: call.spelling.version, push: pushFields(config) } satisfies Pushed,
  });
  if (sentWith(job)?.id === config.id) await callbacks.silence(tenant, job.id);
  return call.spelling.pushConfig(job.id, config);
}

export async function listConfigs(call: Call, params: Json): Promise<object> {
  const { job } = await taskIn(call, { id: refIn(params).taskId });
  return call.spelling.pushConfigs(job.id, await configsOf(call, job));
}

export async function getConfig(call: Call, params: Json): Promise<object> {
  const { taskId, id } = refIn(params);
  const { job } = await taskIn(call, { id: taskId });
  // A client of 0.3 may leave out which one.
  const configs = await configsOf(call, job);
  const config = id ? configs.find((one) => one.id === id) : configs[0];
  if (config === undefined) throw new BideError('JOB_NOT_FOUND', 'The task has no such push notification config.');
  return call.spelling.pushConfig(job.id, config);
}

/** Nothing more is sent to it; the same again changes nothing. */
export async function deleteConfig(call: Call, params: Json): Promise<object | null> {
  const { taskId, id } = refIn(params);
  const { job } = await taskIn(call, { id: taskId });
  const { callbacks } = call.context.engine;
  const { tenant } = call.principal;
  await callbacks.remove(tenant, job.id, id ?? '');
  if (sentWith(job)?.id === id) await callbacks.silence(tenant, job.id);
  // Protobuf's Empty, where the version has it.
  return call.spelling.version === '1.0' ? {} : null;
}

function refIn(params: Json): PushConfigRef {
  requireForm(checkRef(params));
  return params as unknown as PushConfigRef;
}

/** What lets this server into a receiver is not for a key that may only read. */
async function configsOf(call: Call, job: Job): Promise<readonly PushConfig[]> {
  const configs = await allConfigs(call, job);
  if (hasScope(call.principal, 'submit')) return configs;
  return configs.map((config) => ({ ...config, token: null, credentials: null }));
}

async function allConfigs({ context, principal }: Call, job: Job): Promise<readonly PushConfig[]> {
  const own = sentWith(job);
  const { callbacks, isOwnOff } = await context.engine.callbacks.list(principal.tenant, job.id);
  const given = callbacks.flatMap(({ id, url, data }) => {
    const pushed = pushedIn(data);
    return pushed === null ? [] : [{ ...pushed.push, id, url }];
  });
  return own === null || isOwnOff ? given : [own, ...given];
}

function sentWith(job: Job): PushConfig | null {
  const push = remembered(job)?.push ?? null;
  return push === null || job.callbackUrl === null ? null : { ...push, url: job.callbackUrl };
}
