/** Reading what a create asks for: what is wrong with it is told by the parameter, and what would be left out silently is refused. */
import { BideError } from '../../../core/errors.ts';
import type { Json } from '../../../core/job.ts';
import { compileCheck } from '../../schema-check.ts';
import { invalidParam, unsupportedParam } from '../errors.ts';
import { type Echo, ResponseRequest } from './wire.ts';

const check = compileCheck(ResponseRequest);

/** The body, or INVALID_REQUEST that names the first parameter that is wrong with it. */
export function requestOf(body: Json | undefined): ResponseRequest {
  if (body === undefined) throw new BideError('INVALID_REQUEST', 'The body is missing: send a JSON object.');
  const [issue] = check(body) ?? [];
  if (issue !== undefined) {
    const name = issue.path.slice(1).replaceAll('/', '.');
    if (name === '') throw new BideError('INVALID_REQUEST', `The body ${issue.message}.`);
    if (issue.message === 'is missing')
      throw invalidParam(name, `Missing required parameter: '${name}'.`, 'missing_required_parameter');
    throw invalidParam(name, `Invalid value for '${name}': it ${issue.message}.`);
  }
  const request = body as unknown as ResponseRequest;
  requireServed(request);
  return request;
}

function requireServed(request: ResponseRequest): void {
  for (const name of ['conversation', 'prompt'] as const) {
    if (request[name] == null) continue;
    const advice = name === 'prompt' ? 'send its text as instructions' : 'send what was said before as items of input';
    throw unsupportedParam(name, `'${name}' is not kept here: ${advice}.`);
  }
  if (request.background === true && request.store === false)
    throw invalidParam('store', 'A response in the background is stored: leave store out, or set it to true.');
}

/** Small parameters that a response repeats. */
const ECHOED = [
  'instructions',
  'max_output_tokens',
  'max_tool_calls',
  'parallel_tool_calls',
  'previous_response_id',
  'prompt_cache_key',
  'reasoning',
  'safety_identifier',
  'service_tier',
  'store',
  'temperature',
  'text',
  'tool_choice',
  'tools',
  'top_logprobs',
  'top_p',
  'truncation',
  'user',
] as const;

/** An echo is in each answer, and in memory with its job: what is longer is left out of it, the longest first. */
const ECHO_BYTES_MAX = 4_096;

export function echoOf(request: ResponseRequest): Echo {
  const given = request as Readonly<Record<string, unknown>>;
  const sizes = ECHOED.flatMap((name) => {
    const text = given[name] == null ? undefined : JSON.stringify(given[name]);
    return text === undefined ? [] : [{ name, bytes: Buffer.byteLength(text) }];
  }).sort((one, other) => one.bytes - other.bytes);
  const echo: Record<string, unknown> = {};
  let left = ECHO_BYTES_MAX;
  for (const { name, bytes } of sizes) {
    left -= bytes;
    if (left >= 0) echo[name] = given[name];
  }
  return echo;
}
