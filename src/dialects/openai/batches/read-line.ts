/** A line of a batch's file: the request that it is, and the job that this becomes. Whatever is wrong with it is an issue. */
import { BideError } from '../../../core/errors.ts';
import type { Json } from '../../../core/job.ts';
import { fieldsOf, isObject } from '../../../core/json-object.ts';
import type { FileBatch, IssueSaid, Line } from '../../../engine/api.ts';
import { readJson } from '../../json-body.ts';
import { compileCheck } from '../../schema-check.ts';
import { invalidParam, unsupportedParam } from '../errors.ts';
import type { Model, Models } from '../models.ts';
import { jobInputOf } from '../responses/job-input.ts';
import { DIALECT, type Remembered } from '../responses/mapping.ts';
import { echoOf, requestOf } from '../responses/request.ts';
import type { ResponseRequest } from '../responses/wire.ts';
import { keptOf } from './mapping.ts';
import { BatchLine } from './wire.ts';

export interface LineReading {
  readonly models: Models;
  readonly jsonDepthMax: number;
}

/** What a job of a batch remembers beside what any response does. */
export interface RememberedLine extends Remembered {
  readonly customId: string;
}

/** Behind the tenant's other jobs, as at the vendor: whoever sends 50,000 lines does not mean to wait for them with the next request. */
const PRIORITY = -1;

const check = compileCheck(BatchLine);

export function readLine(reading: LineReading, text: string, batch: FileBatch): Line {
  try {
    const line = lineOf(readJson(Buffer.from(text), reading.jsonDepthMax, 'This line is not parseable as valid JSON.'));
    const { endpoint } = keptOf(batch);
    if (line.url !== endpoint) {
      const message = `The url of this line is not the endpoint of the batch, which is ${endpoint}.`;
      throw invalidParam('url', message, 'mismatched_url');
    }
    const job = endpoint === '/v1/responses' ? responseOf(reading, line.body) : chatOf(reading, line.body as never);
    const memory: RememberedLine = { ...job.memory, customId: line.custom_id };
    const request = {
      type: job.type,
      input: job.input,
      priority: PRIORITY,
      tags: job.tags,
      origin: { dialect: DIALECT, data: memory as unknown as Json },
    };
    return { kind: 'job', key: line.custom_id, request };
  } catch (error) {
    if (error instanceof BideError) return { kind: 'issue', issue: issueOf(error) };
    throw error;
  }
}

const CODES: Readonly<Record<string, string>> = {
  MALFORMED_JSON: 'invalid_json_line',
  NUMBER_INEXACT: 'invalid_json_line',
  TYPE_NOT_FOUND: 'model_not_found',
  TYPE_UNKNOWN: 'model_not_found',
  INPUT_INVALID: 'invalid_request',
};

/** As the vendor says what is wrong with a line. */
export function issueOf(error: BideError): IssueSaid {
  const { code, param } = error.details;
  return {
    code: typeof code === 'string' ? code : (CODES[error.code] ?? 'invalid_request'),
    message: sentenceOf(error),
    param: typeof param === 'string' && param !== '' ? param : null,
  };
}

/** What the engine refuses is in its own paths: below the input they are those of the line's body. */
function sentenceOf({ message, details: { errors } }: BideError): string {
  if (!Array.isArray(errors)) return message;
  const issues = (errors as readonly Json[]).slice(0, 5).map(fieldsOf);
  const said = issues.map(({ path, message: what }) =>
    `${String(path).replace(/^\/input/, '')} ${String(what)}`.trim(),
  );
  return `${message} ${said.join('; ')}.`;
}

function lineOf(value: Json | undefined): BatchLine {
  const [issue] = check(value ?? null) ?? [];
  if (issue === undefined) return value as unknown as BatchLine;
  const name = issue.path.slice(1).replaceAll('/', '.');
  if (name === '') throw invalidParam('', `The line ${issue.message}.`, 'invalid_json_line');
  if (issue.message === 'is missing')
    throw invalidParam(name, `Missing required parameter: '${name}'.`, 'missing_required_parameter');
  throw invalidParam(name, `Invalid value for '${name}': it ${issue.message}.`, `invalid_${name.split('.')[0]}`);
}

interface LineJob {
  readonly type: string;
  readonly input: Json;
  readonly tags: Readonly<Record<string, string>>;
  readonly memory: Remembered;
}

function responseOf({ models, jsonDepthMax }: LineReading, body: object): LineJob {
  const request = requestOf(body as Json);
  if (request.previous_response_id != null) {
    const message = "A line of a batch has no 'previous_response_id': send what was said before as items of input.";
    throw unsupportedParam('previous_response_id', message);
  }
  const model = models.required(request.model);
  return {
    type: model.type,
    input: jobInputOf(model, request, jsonDepthMax),
    tags: request.metadata ?? {},
    memory: memoryOf(model, request),
  };
}

/** For a model that speaks this wire the body as it is; a type that speaks none gets what was said, as it does of a response. */
function chatOf({ models, jsonDepthMax }: LineReading, body: Readonly<Record<string, Json>>): LineJob {
  const { model: id, messages } = body;
  if (typeof id !== 'string')
    throw invalidParam('model', "Missing required parameter: 'model'.", 'missing_required_parameter');
  if (!Array.isArray(messages) || !messages.every(isObject))
    throw invalidParam('messages', "Invalid value for 'messages': it must be a list of messages.");
  const model = models.required(id);
  if (model.speaks === 'responses') {
    const message = `The model ${JSON.stringify(id)} takes requests to /v1/responses alone.`;
    throw invalidParam('model', message, 'endpoint_not_supported');
  }
  const { stream: _stream, stream_options: _options, ...rest } = body;
  const input =
    model.speaks === null
      ? jobInputOf(model, { model: id, input: messages }, jsonDepthMax)
      : ({ ...rest, model: model.as } as Json);
  return { type: model.type, input, tags: {}, memory: memoryOf(model, { model: id }) };
}

function memoryOf({ id, speaks }: Model, request: ResponseRequest): Remembered {
  const hasInstructions = request.instructions != null;
  const echo = echoOf(request) as Record<string, unknown>;
  return { model: id, speaks, background: true, hasInstructions, echo };
}
