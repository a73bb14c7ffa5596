/**
 * Whether an upload still is what was uploaded, before its job runs: a disk that lost or cut the file must fail the job, not let it
 * succeed on what is left. Read in full, since a file may have its length and still be zeros after a power cut: a gigabyte takes about a second.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Failure } from '../../core/job.ts';
import type { CheckAttempt } from '../../engine/api.ts';
import { remembered } from './mapping.ts';
import type { Upload } from './uploads.ts';

export const checkAttempt: CheckAttempt = async (job, signal) => {
  const upload = remembered(job)?.upload ?? null;
  return upload === null ? null : complaintAbout(upload, signal);
};

async function complaintAbout({ file, bytes, sha256 }: Upload, signal: AbortSignal): Promise<Failure | null> {
  const hash = createHash('sha256');
  let found = 0;
  try {
    for await (const chunk of createReadStream(file, { signal, highWaterMark: CHUNK_BYTES })) {
      hash.update(chunk);
      found += chunk.length;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return damaged('The uploaded file is not there any more.', { bytes });
  }
  if (found !== bytes) return damaged(`The uploaded file has ${found} bytes of ${bytes}.`, { bytes, found });
  return hash.digest('hex') === sha256
    ? null
    : damaged('The uploaded file has other bytes than were uploaded.', { bytes });
}

const CHUNK_BYTES = 262_144;
export const UPLOAD_DAMAGED = 'UPLOAD_DAMAGED';

function damaged(message: string, details: { readonly bytes: number; readonly found?: number }): Failure {
  return { code: UPLOAD_DAMAGED, message, details };
}
