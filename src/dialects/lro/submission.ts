/** From a start of either standard to the job that is submitted. */
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import type { Snapshot } from '../../engine/api.ts';
import { submitOne } from '../submit-one.ts';
import type { Call } from './call.ts';
import { DIALECT } from './mapping.ts';
import { POLL_HEADERS, type PollHeader } from './wire.ts';

export interface Start {
  readonly type: string;
  readonly input: Json | undefined;
  readonly idempotencyKey: string | null;
  readonly tags?: Readonly<Record<string, string>>;
}

export function startJob(
  { context, principal }: Call,
  { type, input, idempotencyKey, tags }: Start,
): Promise<Snapshot> {
  return submitOne(context.engine, {
    tenant: principal.tenant,
    type,
    input,
    idempotencyKey,
    tags,
    origin: { dialect: DIALECT, data: {} },
  });
}

/** What stands before the verb in `{name}:{verb}`; ROUTE_NOT_FOUND for another verb. */
export function namedBefore(text: string, verb: string): string {
  if (!text.endsWith(`:${verb}`)) throw new BideError('ROUTE_NOT_FOUND', `There is nothing at ${text.slice(0, 100)}.`);
  return text.slice(0, -verb.length - 1);
}

/** INVALID_REQUEST for a way to poll that there is none of. */
export function pollHeaderOf(text: string | undefined): PollHeader {
  const found = POLL_HEADERS.find((one) => one === (text ?? POLL_HEADERS[0]).toLowerCase());
  if (found !== undefined) return found;
  throw new BideError('INVALID_REQUEST', `poll must be one of ${POLL_HEADERS.join(', ')}.`);
}
