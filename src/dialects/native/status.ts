/**
 * Pure pieces that every status answer is made of: times, Retry-After, entity tags. The tag follows the revision and what changes without
 * one: `scheduled` becomes `queued` by time alone, and what holds a job back comes and goes.
 */
import type { HeldBack } from '../../core/held-back.ts';
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

/** Strong: equal tags mean equal bodies. `s` marks the revision while it is shown as scheduled, `w` one that is held back. */
export function etagOf(snapshot: Snapshot, shown: ShownState, held: HeldBack | null = null): string {
  const { revision } = snapshot.job;
  if (held !== null) return `"${revision}w${heldNumber(held)}"`;
  return shown === 'scheduled' ? `"${revision}s"` : `"${revision}"`;
}

function heldNumber(held: HeldBack): number {
  if (held.by === 'type') return held.reason === 'paused' ? 3 : 4;
  if (held.by === 'sequence') return 0;
  return held.reason === 'full' ? 1 : (held.until ?? 2);
}

/** The tags without what holds the job back, which nobody waits for. */
export function ofRevision(header: string): string {
  return header.replace(/(\d)w\d+"/g, '$1"');
}

/** The revision that one of our entity tags names, however the client decorated it; null for a foreign one. */
export function revisionOfEtag(header: string): number | null {
  const match = /^\s*(?:W\/)?"(\d{1,15})(?:s|w\d{1,16})?"\s*$/.exec(header);
  return match?.[1] === undefined ? null : Number(match[1]);
}

/** Whether an If-None-Match header names `etag`: `*`, or a list in which weak tags count like strong ones. */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header === etag || header.trim() === '*') return true;
  return header.split(',').some((part) => part.trim().replace(/^W\//, '') === etag);
}
