/**
 * CPU time that a process and all its children have used, ended ones included. On a machine that does other things too, rates
 * swing by a factor; what a job costs in CPU hardly does.
 */
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/** Seconds; null where there is no /proc. */
export function cpuSecondsOf(pid: number): number | null {
  const own = statOf(String(pid));
  if (own === null) return null;
  // Children that have ended and were waited for are counted by their parent.
  let ticks = own.ticks + own.endedTicks;
  for (const entry of readdirSync('/proc')) {
    const stat = /^\d+$/.test(entry) ? statOf(entry) : null;
    if (stat?.parent === pid) ticks += stat.ticks + stat.endedTicks;
  }
  return ticks / TICKS_PER_SECOND;
}

/** CPU time of this process's children that have ended: what a load generator cost is the difference around its run. */
export function cpuSecondsOfEndedChildren(): number {
  return (statOf(String(process.pid))?.endedTicks ?? Number.NaN) / TICKS_PER_SECOND;
}

function statOf(pid: string): { readonly parent: number; readonly ticks: number; readonly endedTicks: number } | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // Field 2 is the name in parentheses, and may hold spaces: counted from behind it, the parent is 1, the times are 11 to 14.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  return {
    parent: fields[1] ?? 0,
    ticks: (fields[11] ?? 0) + (fields[12] ?? 0),
    endedTicks: (fields[13] ?? 0) + (fields[14] ?? 0),
  };
}
