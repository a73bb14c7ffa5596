/**
 * What was said before, for a request that names the response that it follows: the items that one was asked, and its output, stand before its
 * own. So each job holds its whole conversation, and relies on no other.
 */
import { BideError } from '../../../core/errors.ts';
import type { Json } from '../../../core/job.ts';
import { fieldsOf } from '../../../core/json-object.ts';
import { requireScope } from '../../credentials.ts';
import type { Call } from '../call.ts';
import { invalidParam, unsupportedParam } from '../errors.ts';
import type { Model } from '../models.ts';
import { askedOf, itemsIn } from './asked.ts';
import { answerIn } from './bodies.ts';
import { jobOfResponse } from './ids.ts';
import type { Item, ResponseRequest } from './wire.ts';

const NAME = 'previous_response_id';

export async function withHistory(call: Call, model: Model, request: ResponseRequest): Promise<ResponseRequest> {
  const { previous_response_id: id, ...rest } = request;
  if (id == null) return rest;
  if (model.speaks === null) throw unsupportedParam(NAME, `The model ${JSON.stringify(model.id)} takes no ${NAME}.`);
  const input = [...(await saidBefore(call, id)), ...itemsIn((request.input ?? null) as Json)];
  const bytes = Buffer.byteLength(JSON.stringify(input));
  const { bodyBytesMax: value } = call.context.engine.limits;
  if (bytes <= value) return { ...rest, input };
  const message = `With what was said before the input has ${bytes} bytes; the limit is ${value} (bodyBytesMax).`;
  throw new BideError('BODY_TOO_LARGE', message, { limit: 'bodyBytesMax', value, param: NAME });
}

async function saidBefore({ context: { engine }, principal }: Call, id: string): Promise<readonly Json[]> {
  // Its text comes back in the answer of the model.
  requireScope(principal, 'read');
  const jobId = jobOfResponse(id);
  const [lookup] = jobId === null ? [] : await engine.read(principal.tenant, [jobId]);
  const shown = JSON.stringify(id.slice(0, 100));
  if (lookup?.kind !== 'found')
    throw invalidParam(NAME, `Previous response with id ${shown} not found.`, 'previous_response_not_found');
  const { job } = lookup.snapshot;
  if (job.state !== 'succeeded')
    throw invalidParam(NAME, `Previous response with id ${shown} is not completed.`, 'previous_response_not_completed');
  const answer = await answerIn(engine, lookup.snapshot);
  const asked = askedOf(job, await engine.readInput(job.tenant, job.id));
  return [...asked, ...(answer?.output ?? []).flatMap(repeated)];
}

/** Items as they are sent back: ids are this server's and say nothing to an upstream, and so do thoughts that are not sealed in the item. */
function repeated(item: Item): readonly Json[] {
  const { id, status: _, ...rest } = fieldsOf(item as unknown as Json);
  if (rest.type !== 'reasoning') return [rest];
  return typeof rest.encrypted_content === 'string' ? [{ id: id ?? '', ...rest }] : [];
}
