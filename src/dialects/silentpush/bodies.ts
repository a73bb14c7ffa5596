/** Bodies made once per revision of a job. What is not inline in its snapshot is read from the store each time and never kept. */
import type { Json } from '../../core/job.ts';
import { isParked } from '../../core/signals.ts';
import type { Engine, Snapshot } from '../../engine/api.ts';
import { jsonValueOf, resultAtHand, resultOf } from '../result-of.ts';
import { keptPerSnapshot } from '../snapshot-cache.ts';
import { askedOf, envelope, failure, failureMessage, jobStatus, pageOf, resultMembers, WORDS } from './mapping.ts';

/** How the members of an answer are wrapped: the merge API has an envelope, the search outside of it has none. */
export type Wrap = (members: Record<string, unknown>) => object;

export interface Bodies {
  status(snapshot: Snapshot, baseUrl: string, wrap: Wrap): string;
  /** Of a final job; undefined when its result must be read first. */
  outcome(snapshot: Snapshot, hasMetadata: boolean, wrap: Wrap): string | undefined;
}

export function createBodies({ clock }: Pick<Engine, 'clock'>): Bodies {
  const statusOf = keptPerSnapshot(({ job }, shown, baseUrl: string, wrap: Wrap) =>
    JSON.stringify(wrap({ job_status: jobStatus(job.id, WORDS[isParked(job) ? 'running' : shown], baseUrl) })),
  );
  const outcomeOf = keptPerSnapshot((snapshot, _shown, hasMetadata: boolean, wrap: Wrap) =>
    outcomeText(snapshot, hasMetadata, wrap),
  );
  return {
    status: (snapshot, baseUrl, wrap) => statusOf(snapshot, clock.now(), baseUrl, wrap),
    outcome: (snapshot, hasMetadata, wrap) => outcomeOf(snapshot, clock.now(), hasMetadata, wrap),
  };
}

function outcomeText(snapshot: Snapshot, hasMetadata: boolean, wrap: Wrap): string | undefined {
  const { job } = snapshot;
  if (job.state !== 'succeeded') return JSON.stringify(failure(failureMessage(job)));
  const result = resultAtHand(snapshot);
  if (result === undefined) return undefined;
  const page = pageOf(jsonValueOf(result), askedOf(job));
  return JSON.stringify(wrap(resultMembers(job, page, hasMetadata)));
}

export const inEnvelope: Wrap = envelope;
export const bare: Wrap = (members) => members;

/** Of a final job whose result is not with its snapshot. */
export async function outcomeRead(
  engine: Engine,
  snapshot: Snapshot,
  hasMetadata: boolean,
  wrap: Wrap,
): Promise<string> {
  const page = pageOf(await resultJson(engine, snapshot), askedOf(snapshot.job));
  return JSON.stringify(wrap(resultMembers(snapshot.job, page, hasMetadata)));
}

/** The result as JSON; bytes that are none become one row which holds them. */
export async function resultJson(engine: Engine, snapshot: Snapshot): Promise<Json> {
  const result = await resultOf(engine, snapshot);
  if (result.kind === 'none') return null;
  if (result.kind === 'json') return result.value;
  const content = Buffer.from(result.bytes.buffer, result.bytes.byteOffset, result.bytes.byteLength);
  return [{ content_base64: content.toString('base64'), content_type: result.contentType }];
}
