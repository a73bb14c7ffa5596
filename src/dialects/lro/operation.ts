/** A job as an operation of Google's. Pure and total: any result, any origin. */
import type { Job } from '../../core/job.ts';
import { isObject } from '../../core/json-object.ts';
import { isFinal, type ShownState } from '../../core/state.ts';
import type { JobResult } from '../result-of.ts';
import { failureOf, operationName, rpcNumber, timeOf } from './mapping.ts';
import type { Messages } from './options.ts';
import { BODY_TYPE, type Operation, STRUCT_TYPE, VALUE_TYPE } from './wire.ts';

export function operationOf(job: Job, shown: ShownState, result: JobResult, messages: Messages = {}): Operation {
  return {
    name: operationName(job.id),
    metadata: metadataOf(job, shown, messages.metadata),
    done: isFinal(job.state),
    ...endOf(job, result, messages.response),
  };
}

/** Exactly one of both where it is done, neither before. */
function endOf(job: Job, result: JobResult, typeUrl: string | undefined): Pick<Operation, 'response' | 'error'> {
  if (job.state === 'succeeded') return { response: responseOf(result, typeUrl) };
  const failure = failureOf(job);
  // Without details: a client refuses the whole operation for one whose type it does not know.
  return failure === null ? {} : { error: { code: rpcNumber(failure.rpc), message: failure.message } };
}

/** A message of the client's own has fields, so that only an object can be one. */
function responseOf(result: JobResult, typeUrl: string | undefined): NonNullable<Operation['response']> {
  if (result.kind === 'bytes') {
    const data = Buffer.from(result.bytes).toString('base64');
    return { '@type': BODY_TYPE, contentType: result.contentType, data };
  }
  const value = result.kind === 'json' ? result.value : null;
  if (typeUrl !== undefined && isObject(value)) return { ...value, '@type': typeUrl };
  return { '@type': VALUE_TYPE, value };
}

function metadataOf(job: Job, shown: ShownState, typeUrl: string | undefined): Operation['metadata'] {
  const { percent, message } = job.progress;
  const fields = {
    type: job.type,
    // As enums are written (AIP-216).
    state: shown.toUpperCase(),
    progressPercent: job.state === 'succeeded' ? 100 : percent,
    ...(message === null ? {} : { statusDetail: message }),
    cancelRequested: job.cancelRequestedAt !== null,
    attempt: job.attempt,
    createTime: timeOf(job.createdAt),
    ...(job.startedAt === null ? {} : { startTime: timeOf(job.startedAt) }),
    ...(job.finishedAt === null ? {} : { endTime: timeOf(job.finishedAt) }),
  };
  return typeUrl === undefined ? { '@type': STRUCT_TYPE, value: fields } : { '@type': typeUrl, ...fields };
}
