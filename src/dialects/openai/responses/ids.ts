/** Ids of responses: `resp_` and the digits of the job's id. Pure. */
import { jobIdOf } from '../../../core/id.ts';

const PREFIX = 'resp_';
const DIGITS = 32;

export function responseId(jobId: string): string {
  return PREFIX + digitsOf(jobId);
}

/** The id of an item of the response's output: the same whenever it is asked for. @param run which run of the job has made it */
export function itemId(kind: 'msg' | 'fc' | 'rs', jobId: string, run: number, index: number): string {
  return `${kind}_${digitsOf(jobId)}${run.toString(16).padStart(4, '0')}${index.toString(16).padStart(4, '0')}`;
}

/** The job behind a response; null for what is no such id. A job's own id is taken too: it may have come another way. */
export function jobOfResponse(id: string): string | null {
  if (!id.startsWith(PREFIX)) return jobIdOf(id);
  const at = PREFIX.length;
  if (id.length !== at + DIGITS) return null;
  const parts = [
    id.slice(at, at + 8),
    id.slice(at + 8, at + 12),
    id.slice(at + 12, at + 16),
    id.slice(at + 16, at + 20),
  ];
  return jobIdOf(`${parts.join('-')}-${id.slice(at + 20)}`);
}

function digitsOf(jobId: string): string {
  return jobId.replaceAll('-', '');
}
