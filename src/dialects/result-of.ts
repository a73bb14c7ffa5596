/** The result of a finished job, as a dialect hands it on: JSON as text, everything else as bytes. */
import { isJsonType } from '../core/media-type.ts';
import type { Engine, Snapshot } from '../engine/api.ts';

export type JobResult =
  | { readonly kind: 'json'; readonly text: string }
  | { readonly kind: 'bytes'; readonly contentType: string; readonly bytes: Uint8Array }
  | { readonly kind: 'none' };

/** Reads the store only for what is not inline in the snapshot. `none` too when the job was removed meanwhile. */
export async function resultOf(engine: Engine, snapshot: Snapshot): Promise<JobResult> {
  if (snapshot.resultText !== null) return { kind: 'json', text: snapshot.resultText };
  if (snapshot.job.result === null) return { kind: 'none' };
  const outcome = await engine.readResult(snapshot.job.tenant, snapshot.job.id);
  if (outcome.kind !== 'found') return { kind: 'none' };
  const { contentType, bytes } = outcome.result;
  if (!isJsonType(contentType)) return { kind: 'bytes', contentType, bytes };
  return { kind: 'json', text: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8') };
}
