/** From a message to the job that it starts. */
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import type { Snapshot } from '../../engine/api.ts';
import { compileCheck } from '../schema-check.ts';
import { submitOne } from '../submit-one.ts';
import type { Call } from './call.ts';
import { CONTEXT_TAG, DIALECT, newContext, type Remembered } from './mapping.ts';
import { type Content, inputOf } from './parts.ts';
import { type PushConfig, pushConfigOf, pushFields } from './push-config.ts';
import { skillOf } from './skills.ts';
import { type PartIn, SendMessageRequest } from './wire.ts';

/** A message that was sent, whatever the version. */
export interface Sent {
  readonly messageId: string;
  readonly contextId: string | null;
  readonly taskId: string | null;
  readonly contents: readonly Content[];
  /** Of the message, then of the request. */
  readonly metadata: readonly Json[];
  readonly isBlocking: boolean;
  readonly push: PushConfig | null;
}

const check = compileCheck(SendMessageRequest);

/** INVALID_REQUEST that names what is wrong. */
export function sentIn(params: Json): Sent {
  requireForm(check(params));
  const { message, configuration, metadata } = params as unknown as SendMessageRequest;
  const { taskPushNotificationConfig: push, returnImmediately } = configuration ?? {};
  return {
    messageId: message.messageId,
    contextId: message.contextId || null,
    taskId: message.taskId || null,
    contents: message.parts.map(contentOf),
    metadata: [(message.metadata ?? null) as Json, (metadata ?? null) as Json],
    isBlocking: returnImmediately !== true,
    // The message is what makes it, and a message sent again makes the same.
    push: push ? pushConfigOf(push, message.messageId) : null,
  };
}

export function requireForm(issues: ReturnType<typeof check>): void {
  if (issues === null) return;
  const said = issues.map(({ path, message }) => `${path.slice(1).replaceAll('/', '.') || 'params'} ${message}`);
  throw new BideError('INVALID_REQUEST', `${said.join('; ')}.`);
}

function contentOf({ text, raw, url, data, mediaType = null, filename = null }: PartIn, at: number): Content {
  const given = [text, raw, url, data].filter((one) => one !== undefined).length;
  if (given !== 1) {
    throw new BideError('INVALID_REQUEST', `message.parts.${at} must have exactly one of text, raw, url and data.`);
  }
  if (text !== undefined) return { kind: 'text', text, mediaType: mediaType ?? 'text/plain' };
  if (data !== undefined) return { kind: 'data', data: data as Json };
  const file = raw === undefined ? { url: url ?? '' } : { bytes: raw };
  return { kind: 'file', ...file, mediaType: mediaType || null, filename: filename || null };
}

/** The same message is the same job: whoever lost the answer sends it again. */
export function startTask({ context, principal, spelling }: Call, sent: Sent): Promise<Snapshot> {
  const { engine, options } = context;
  const { tenant } = principal;
  const { messageId, contextId, contents, metadata, push } = sent;
  const type = skillOf(engine, options, metadata);
  const memory: Remembered = { version: spelling.version, push: push === null ? null : pushFields(push) };
  return submitOne(
    engine,
    {
      tenant,
      type,
      input: inputOf(contents, Object.hasOwn(options.textFields, type) ? (options.textFields[type] ?? null) : null),
      tags: { [CONTEXT_TAG]: contextId ?? newContext(tenant, messageId) },
      idempotencyKey: `a2a:${messageId}`,
      callback: push === null ? null : { url: push.url },
      origin: { dialect: DIALECT, data: { ...memory } },
    },
    callersName,
  );
}

/** Fields of the submit that a client can get wrong; all other paths are within its input. */
const NAMES: Readonly<Record<string, string>> = {
  callback: 'configuration.taskPushNotificationConfig',
  idempotencyKey: 'message.messageId',
  tags: 'message.contextId',
};

function callersName(path: string): string {
  const [, first = ''] = path.split('/');
  return NAMES[first] ?? `the input${path.replaceAll('/', '.')}`;
}
