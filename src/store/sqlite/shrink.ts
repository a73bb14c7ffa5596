/**
 * Gives space back to the disk after many jobs were removed: in steps of 4 MB, while nobody asks for anything.
 *
 * A quarter of the file may stay free, and 16 MB in any case: what comes in next goes there without growing the file again. A
 * file that was made without `auto_vacuum` stays as large as it is.
 */
import type { Connection } from './connection.ts';

const STEP_PAGES = 1_024;
const FREE_PAGES_KEPT = 4_096;
const FREE_SHARE_KEPT = 0.25;

/** One step. True when it gave something back, and there may be more. */
export function shrinkABit(connection: Connection): boolean {
  const free = pragma(connection, 'freelist_count');
  const spare = free - Math.max(FREE_PAGES_KEPT, Math.ceil(pragma(connection, 'page_count') * FREE_SHARE_KEPT));
  if (spare <= 0) return false;
  connection.exec(`PRAGMA incremental_vacuum(${Math.min(spare, STEP_PAGES)})`);
  return pragma(connection, 'freelist_count') < free;
}

function pragma(connection: Connection, name: 'freelist_count' | 'page_count'): number {
  return Number(connection.prepareOnce(`PRAGMA ${name}`).all()[0]?.[0]);
}
