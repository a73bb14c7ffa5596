/** The result of a finished job, as a dialect hands it on: JSON as text and value, everything else as bytes. */
import type { Json } from '../core/job.ts';
import { parseJson } from '../core/json-text.ts';
import { isJsonType } from '../core/media-type.ts';
import type { Engine, Snapshot } from '../engine/api.ts';

export type JobResult =
  | { readonly kind: 'json'; readonly text: string; readonly value: Json }
  | { readonly kind: 'bytes'; readonly contentType: string; readonly bytes: Uint8Array }
  | { readonly kind: 'none' };

/** Without a look into the store; undefined where it takes one. */
export function resultAtHand({ job, resultText: text }: Snapshot): JobResult | undefined {
  if (text !== null) return { kind: 'json', text, value: JSON.parse(text) as Json };
  return job.result === null ? { kind: 'none' } : undefined;
}

/**
 * Reads the store only for what is not inline in the snapshot. `none` too when the job was removed meanwhile. Results are checked when they
 * are taken in; one that an archive brought in spite of it is bytes, and spoils nothing.
 */
export async function resultOf(engine: Engine, snapshot: Snapshot): Promise<JobResult> {
  const atHand = resultAtHand(snapshot);
  if (atHand !== undefined) return atHand;
  const outcome = await engine.readResult(snapshot.job.tenant, snapshot.job.id);
  if (outcome.kind !== 'found') return { kind: 'none' };
  const { contentType, bytes } = outcome.result;
  const parsed = isJsonType(contentType) ? parseJson(bytes, engine.limits.jsonDepthMax) : null;
  return parsed?.kind === 'json' ? parsed : { kind: 'bytes', contentType, bytes };
}

/** The value of a JSON result; null for any other. */
export function jsonValueOf(result: JobResult): Json {
  return result.kind === 'json' ? result.value : null;
}
