/** Submitting text and media: a new conversation or one that is appended to, and one job for it. */
import { Readable } from 'node:stream';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { fieldsOf } from '../../core/json-object.ts';
import { mediaTypeOf } from '../../core/media-type.ts';
import { isFinal } from '../../core/state.ts';
import type { Snapshot } from '../../engine/api.ts';
import { waitFor } from '../job-done.ts';
import { submitOne } from '../submit-one.ts';
import type { Call } from './call.ts';
import type { Conversation } from './conversations.ts';
import { ASYNC_KIND, CONVERSATION_TAG, DIALECT, KIND_TAG, type Remembered, tooManyJobs } from './mapping.ts';
import { bodyOptions, queryOptions, requireOptions } from './submit-options.ts';
import type { Upload } from './uploads.ts';
import { type Medium, type Options, type SubmitBody, TextRequest, UrlRequest } from './wire.ts';

/** What is to be processed, read and checked. */
interface Material {
  readonly medium: Medium | 'text';
  readonly input: Readonly<Record<string, Json>>;
  readonly options: Options;
  readonly upload: Upload | null;
}

export async function processText(call: Call, body: Json | undefined): Promise<SubmitBody> {
  requireForm(TextRequest, body, '"messages" must be a list of at least one message with a payload.content');
  const options = { ...queryOptions(call), ...bodyOptions(body) };
  const messages = fieldsOf(body).messages ?? [];
  if (Array.isArray(messages) && messages.some(hasNoContent)) {
    throw new BideError('INVALID_REQUEST', 'A message has an empty payload.content.');
  }
  return process(call, { medium: 'text', input: { messages }, options, upload: null });
}

export async function processUrl(call: Call, medium: Medium, body: Json | undefined): Promise<SubmitBody> {
  requireForm(UrlRequest, body, '"url" is required and must be a string');
  const url = String(fieldsOf(body).url);
  if (!isWeb(url)) throw new BideError('INVALID_REQUEST', '"url" must be an http or https address');
  const options = { ...queryOptions(call), ...bodyOptions(body) };
  return process(call, { medium, input: { url }, options, upload: null });
}

export async function processBytes(call: Call, medium: Medium): Promise<SubmitBody> {
  typeFor(call, medium);
  const conversation = await appendedTo(call);
  const options = queryOptions(call);
  requireWebhook(options);
  const body = call.request.body instanceof Readable ? call.request.body : Readable.from([]);
  const upload = await taken(call, body);
  const contentType = mediaTypeOf(call.request.headers['content-type']);
  const { file, bytes, sha256 } = upload;
  const input = { file, bytes, sha256, contentType: contentType === '' ? null : contentType };
  try {
    return await process(call, { medium, input, options, upload }, conversation);
  } catch (error) {
    await call.uploads.drop(upload.name);
    throw error;
  }
}

/** What is left of a refused body is not read: nobody knows how much that is. */
async function taken(call: Call, body: Readable): Promise<Upload> {
  const { uploads, underway, request, reply, principal } = call;
  const isTaken = underway.take(principal.tenant, 1);
  try {
    if (!isTaken) throw tooManyUploads(call);
    return await uploads.take(body, Number(request.headers['content-length'] ?? 0));
  } catch (error) {
    if (!body.readableEnded) reply.header('connection', 'close');
    throw error;
  } finally {
    if (isTaken) underway.giveBack(principal.tenant, 1);
  }
}

function tooManyUploads({ context }: Call): BideError {
  const { uploadsMax, uploadsPerTenantMax } = context.engine.limits;
  const detail = `The server takes ${uploadsPerTenantMax} uploads of one tenant at once (uploadsPerTenantMax), and ${uploadsMax} of all (uploadsMax): send this one when another has ended.`;
  return new BideError('TOO_MANY_UPLOADS', detail);
}

async function process(call: Call, material: Material, known?: Conversation | null): Promise<SubmitBody> {
  const type = typeFor(call, material.medium);
  requireWebhook(material.options);
  requireOptions(material.options);
  const appended = known === undefined ? await appendedTo(call) : known;
  const { tenant } = call.principal;
  const { conversation, job } = await call.oneByOne(tenant, async () => {
    await requireRoom(call);
    const { name = null, metadata = null } = material.options;
    const draft = { name: typeof name === 'string' && name !== '' ? name : null, metadata };
    if (appended !== null) await requireShort(call, appended.id);
    const into = appended ?? (await call.conversations.create(tenant, draft));
    return { conversation: into, job: await submit(call, type, into, material) };
  });
  await begun(call, job);
  return { conversationId: conversation.id, jobId: job.job.id };
}

function submit(call: Call, type: string, conversation: Conversation, material: Material): Promise<Snapshot> {
  const { engine, options } = call.context;
  const { tenant } = call.principal;
  const conversationId = conversation.id;
  const memory: Remembered = { conversationId, upload: material.upload };
  const { webhookUrl } = material.options;
  return submitOne(engine, {
    tenant,
    type,
    input: { conversationId, medium: material.medium, ...material.input, options: material.options },
    tags: { [CONVERSATION_TAG]: conversationId, [KIND_TAG]: ASYNC_KIND },
    sequenceKey: `${DIALECT}:${conversationId}`,
    callback: typeof webhookUrl === 'string' ? { url: webhookUrl } : null,
    retainMs: options.retainMs,
    origin: { dialect: DIALECT, data: memory as unknown as Json },
  });
}

/** Waits a moment for a worker to begin: clients take any status but `in_progress` for an end, and poll at once. */
async function begun(call: Call, { job }: Snapshot): Promise<void> {
  const { startWaitMs } = call.context.options;
  if (startWaitMs === 0 || isFinal(job.state)) return;
  await waitFor(call, {
    ids: [job.id],
    for: 'any',
    until: { kind: 'change', since: job.revision },
    timeoutMs: startWaitMs,
  });
}

function typeFor(call: Call, medium: Medium | 'text'): string {
  const processor = call.context.options[medium];
  if (processor !== undefined) return processor.type;
  throw new BideError('INVALID_REQUEST', `Processing of ${medium} is not configured on this server.`);
}

/** The conversation in the path; null where a new one is wanted. */
async function appendedTo(call: Call): Promise<Conversation | null> {
  const { conversationId } = call.request.params as { conversationId?: string };
  return conversationId === undefined ? null : call.conversations.read(call.principal.tenant, conversationId);
}

async function requireRoom(call: Call): Promise<void> {
  const { engine, options } = call.context;
  const tags = { [KIND_TAG]: ASYNC_KIND };
  const counts = await engine.count({ tenant: call.principal.tenant, states: ['waiting', 'running'], tags });
  const open = counts.reduce((sum, { count }) => sum + count, 0);
  if (open >= options.concurrentJobsMax) throw new BideError('QUOTA_EXCEEDED', tooManyJobs(options.concurrentJobsMax));
}

/** A reading goes over all jobs of a conversation. */
async function requireShort(call: Call, conversationId: string): Promise<void> {
  const { engine } = call.context;
  const { jobsPerCallMax } = engine.limits;
  const counts = await engine.count({
    tenant: call.principal.tenant,
    tags: { [CONVERSATION_TAG]: conversationId },
  });
  if (counts.reduce((sum, { count }) => sum + count, 0) < jobsPerCallMax) return;
  const message = `The conversation has ${jobsPerCallMax} jobs, which is the most (jobsPerCallMax): begin a new one.`;
  throw new BideError('INVALID_REQUEST', message);
}

function requireWebhook({ webhookUrl }: Options): void {
  if (webhookUrl === undefined || webhookUrl === null || webhookUrl === '') return;
  if (typeof webhookUrl === 'string' && isWeb(webhookUrl)) return;
  throw new BideError('INVALID_REQUEST', '"webhookUrl" must be an http or https address');
}

function requireForm(form: TSchema, body: Json | undefined, message: string): void {
  if (body === undefined || !Value.Check(form, body)) throw new BideError('INVALID_REQUEST', message);
}

function hasNoContent(message: Json): boolean {
  const { content } = fieldsOf(fieldsOf(message).payload);
  return typeof content !== 'string' || content.trim() === '';
}

function isWeb(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
}
