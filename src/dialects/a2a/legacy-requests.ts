/** Requests of version 0.3 as 1.0 has them, so that one operation serves both. What is not there is left to its check. Pure. */
import type { Json } from '../../core/job.ts';
import { fieldsOf, isObject } from '../../core/json-object.ts';

/** `message/send` and `message/stream`. A client of this version is held unless it says otherwise, as its own servers have it. */
export function sendRequest(params: Json): Json {
  const { message, configuration, metadata = null } = fieldsOf(params);
  const { blocking, pushNotificationConfig } = fieldsOf(configuration);
  return {
    message: messageOf(message ?? null),
    configuration: {
      returnImmediately: blocking === false,
      ...(isObject(pushNotificationConfig) ? { taskPushNotificationConfig: configOf(pushNotificationConfig) } : {}),
    },
    metadata,
  };
}

/** `tasks/pushNotificationConfig/set` */
export function configRequest(params: Json): Json {
  const { taskId = null, pushNotificationConfig } = fieldsOf(params);
  return { ...fieldsOf(configOf(pushNotificationConfig ?? null)), taskId };
}

/** `tasks/pushNotificationConfig/get`, `list` and `delete` have the task's id as `id`. */
export function configRef(params: Json): Json {
  const { id = null, pushNotificationConfigId = null } = fieldsOf(params);
  return { taskId: id, id: pushNotificationConfigId };
}

function messageOf(message: Json): Json {
  if (!isObject(message) || !Array.isArray(message.parts)) return message;
  return { ...message, parts: message.parts.map(partOf) };
}

function partOf(part: Json): Json {
  if (!isObject(part)) return part;
  const { kind, metadata } = part;
  if (kind === 'text') return { text: part.text ?? null };
  if (kind === 'data') return { data: dataOf(part.data ?? null, metadata ?? null) };
  if (kind !== 'file') return { kind: kind ?? null };
  const { bytes, uri, mimeType = null, name = null } = fieldsOf(part.file);
  return {
    ...(bytes === undefined ? {} : { raw: bytes }),
    ...(uri === undefined ? {} : { url: uri }),
    mediaType: mimeType,
    filename: name,
  };
}

function dataOf(data: Json, metadata: Json): Json {
  const isHeld = fieldsOf(metadata).data_part_compat === true && isObject(data) && 'value' in data;
  return isHeld ? (data.value ?? null) : data;
}

function configOf(config: Json): Json {
  if (!isObject(config)) return config;
  const { authentication } = config;
  const { schemes, credentials = null } = fieldsOf(authentication);
  const scheme = Array.isArray(schemes) ? (schemes[0] ?? null) : null;
  return { ...config, authentication: scheme === null ? null : { scheme, credentials } };
}
