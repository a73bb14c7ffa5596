/**
 * Marks as statements find them in their column, without reading JSON: these stand first, in this order, since signals have values in there that callers
 * chose, with whatever names in them.
 */
import type { Marks } from '../core/marks.ts';

const IS_AWAITED = '{"isAwaited":true';
const HELD = ['{"awaitsParents":true', '{"isAwaited":true,"awaitsParents":true'];

export function marksText(marks: Marks): string {
  const { isAwaited, awaitsParents, group, ...rest } = marks;
  return JSON.stringify({ isAwaited, awaitsParents, group, ...rest });
}

export function isAwaited(text: unknown): boolean {
  return typeof text === 'string' && text.startsWith(IS_AWAITED);
}

/** Whether the job waits for the ends of others. */
export function isHeld(text: unknown): boolean {
  return typeof text === 'string' && HELD.some((start) => text.startsWith(start));
}

/** How the columns begin of jobs that were added to this group, and of no others: one of these. */
export function groupStarts(id: string): readonly string[] {
  const parents = ['', ',"awaitsParents":true', ',"awaitsParents":false'];
  return parents.map((awaits) => `${IS_AWAITED}${awaits},"group":"${id}"`);
}

/** The column of a job that is awaited from now on. */
export function awaitedText(text: string | null): string {
  return marksText({ ...(text === null ? {} : (JSON.parse(text) as Marks)), isAwaited: true });
}

/** The column of one that was held, and is free. */
export function freedText(text: string): string {
  return marksText({ ...(JSON.parse(text) as Marks), awaitsParents: false });
}

/** Null, of nearly all jobs, is not. */
export function isAwaitedSql(marks: string): string {
  return `${marks} IS NOT NULL AND starts_with(${marks}, '${IS_AWAITED}')`;
}

export function isHeldSql(marks: string): string {
  return `${marks} IS NOT NULL AND (${HELD.map((start) => `starts_with(${marks}, '${start}')`).join(' OR ')})`;
}

export function awaitedSql(marks: string): string {
  return `CASE WHEN ${marks} IS NULL OR ${marks} = '{}' THEN '${IS_AWAITED}}' ELSE '${IS_AWAITED},' || substr(${marks}, 2) END`;
}

export function freedSql(marks: string): string {
  return `regexp_replace(${marks}, '"awaitsParents":true', '"awaitsParents":false')`;
}
