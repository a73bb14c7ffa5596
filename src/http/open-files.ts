/** How many connections the descriptors of this process allow. */

/** Left for the database, its log and backups, handler threads (some five each), programs (eight each while they start), files. */
const RESERVED = 256;

/**
 * At most `connectionsMax`, and so few that `RESERVED` descriptors stay free, or half of them where the process may open fewer than twice
 * that: a process without descriptors can neither run jobs nor write its database, and connections come from outside.
 * @param openFilesMax what the process may open in all; null where that is unknown or without a bound
 */
export function connectionsWithin(connectionsMax: number, openFilesMax: number | null): number {
  if (openFilesMax === null) return connectionsMax;
  return Math.max(1, Math.min(connectionsMax, openFilesMax - Math.min(RESERVED, Math.ceil(openFilesMax / 2))));
}

/** The soft limit (`ulimit -n`), which Node raises to the hard one when it starts, and nothing changes after: asked once, for 20 ms of CPU. */
export function openFilesMax(): number | null {
  known ??= { softMax: readSoftMax() };
  return known.softMax;
}

let known: { readonly softMax: number | null } | null = null;

function readSoftMax(): number | null {
  if (process.platform === 'win32') return null;
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : null;
}
