/** A job as Azure's clients read it: the status monitor, and the resource that a PUT made. Pure and total. */
import type { Job, Json } from '../../core/job.ts';
import type { ShownState } from '../../core/state.ts';
import type { JobResult } from '../result-of.ts';
import { azureCode, failureOf, timeOf, WORDS } from './mapping.ts';
import type { Resource, StatusMonitor } from './wire.ts';

export function monitorOf(job: Job, shown: ShownState, result: JobResult): StatusMonitor {
  return {
    id: job.id,
    status: WORDS[shown],
    kind: job.type,
    createdDateTime: timeOf(job.createdAt),
    lastUpdatedDateTime: timeOf(job.finishedAt ?? job.startedAt ?? job.createdAt),
    percentComplete: job.state === 'succeeded' ? 100 : job.progress.percent,
    ...(job.state === 'succeeded' ? { result: jsonOf(result) } : {}),
    ...errorPart(job),
  };
}

export function resourceOf(name: string, job: Job, shown: ShownState, result: JobResult): Resource {
  const output = job.state === 'succeeded' ? { output: jsonOf(result) } : {};
  return {
    id: job.id,
    name,
    type: job.type,
    properties: { provisioningState: WORDS[shown], ...output },
    ...errorPart(job),
  };
}

/** Bytes as base64: they are read as they are where `Location` points. */
function jsonOf(result: JobResult): Json {
  if (result.kind === 'bytes') return Buffer.from(result.bytes).toString('base64');
  return result.kind === 'json' ? result.value : null;
}

function errorPart(job: Job): Pick<StatusMonitor, 'error'> {
  const failure = failureOf(job);
  return failure === null ? {} : { error: { code: azureCode(failure.code), message: failure.message } };
}
