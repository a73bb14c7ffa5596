/**
 * The result of a finished job, as every face reads it: JSON as text and value, everything else as bytes.
 *
 * One reading for all of them. It is total: results are checked when they are taken in, and one that an archive brought in spite of it is
 * bytes, and spoils nothing. Numbers that a double cannot hold keep their digits (`core/exact-json.ts`).
 */
import { parseForPassingOn } from '../core/exact-json.ts';
import type { Json } from '../core/job.ts';
import { parseJson } from '../core/json-text.ts';
import { LIMIT_DEFINITIONS } from '../core/limits.ts';
import { isJsonType } from '../core/media-type.ts';
import type { Engine, Snapshot } from '../engine/api.ts';

export type JobResult =
  | { readonly kind: 'json'; readonly text: string; readonly value: Json }
  | { readonly kind: 'bytes'; readonly contentType: string; readonly bytes: Uint8Array }
  | { readonly kind: 'none' };

const JSON_TYPE = 'application/json';
/** What was taken in under a higher limit than today's is still read. */
const DEPTH_MAX = LIMIT_DEFINITIONS.jsonDepthMax.max;

/** What these bytes of this type are. */
export function resultIn(contentType: string, bytes: Uint8Array): JobResult {
  const parsed = isJsonType(contentType) ? parseJson(bytes, DEPTH_MAX, parseForPassingOn) : null;
  return parsed?.kind === 'json' ? parsed : { kind: 'bytes', contentType, bytes };
}

/** Without a look into the store; undefined where it takes one. */
export function resultAtHand({ job, resultText }: Snapshot): JobResult | undefined {
  if (resultText !== null) return resultIn(JSON_TYPE, Buffer.from(resultText));
  return job.result === null ? { kind: 'none' } : undefined;
}

/** Reads the store only for what is not inline in the snapshot. `none` too when the job was removed meanwhile. */
export async function resultOf(engine: Engine, snapshot: Snapshot): Promise<JobResult> {
  const atHand = resultAtHand(snapshot);
  if (atHand !== undefined) return atHand;
  const outcome = await engine.readResult(snapshot.job.tenant, snapshot.job.id);
  if (outcome.kind !== 'found') return { kind: 'none' };
  return resultIn(outcome.result.contentType, outcome.result.bytes);
}

/** The value of a JSON result; null for any other. */
export function jsonValueOf(result: JobResult): Json {
  return result.kind === 'json' ? result.value : null;
}
