/**
 * Pure pieces that every status answer is made of: times, Retry-After, entity tags. The tag follows the revision and, since `scheduled`
 * becomes `queued` by time alone, that one word.
 */
import type { ShownState } from '../../core/state.ts';
import type { Snapshot } from '../../engine/api.ts';

/** ISO 8601 in UTC with milliseconds. The times of one job, and of jobs submitted together, are often the same one. */
export function isoTime(ms: number): string {
  if (ms !== latest.ms) latest = { ms, text: new Date(ms).toISOString() };
  return latest.text;
}

let latest = { ms: 0, text: new Date(0).toISOString() };

export function isoTimeOrNull(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms);
}

/** Whole seconds, at least one: a poller that is told 0 spins. */
export function retryAfterSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000));
}

/** Strong: equal tags mean equal bodies. `s` marks the revision while it is shown as scheduled. */
export function etagOf(snapshot: Snapshot, shown: ShownState): string {
  return shown === 'scheduled' ? `"${snapshot.job.revision}s"` : `"${snapshot.job.revision}"`;
}

/** The revision that one of our entity tags names, however the client decorated it; null for a foreign one. */
export function revisionOfEtag(header: string): number | null {
  const match = /^\s*(?:W\/)?"(\d{1,15})s?"\s*$/.exec(header);
  return match?.[1] === undefined ? null : Number(match[1]);
}

/** Whether an If-None-Match header names `etag`: `*`, or a list in which weak tags count like strong ones. */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header === etag || header.trim() === '*') return true;
  return header.split(',').some((part) => part.trim().replace(/^W\//, '') === etag);
}
