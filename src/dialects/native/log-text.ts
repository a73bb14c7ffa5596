/** A job's log as the native API says it: JSON, plain text for people, and events of the job's stream. Pure. */
import type { LogLine } from '../../engine/api.ts';
import { isoTime } from './status.ts';

export function logLineBody({ offset, attempt, at, level, line, fields }: LogLine): string {
  const head = `{"offset":${offset},"attempt":${attempt},"at":"${isoTime(at)}","level":"${level}"`;
  return `${head},"line":${JSON.stringify(line)},"fields":${fields ?? 'null'}}`;
}

/** One line, whatever is in it: line breaks of a caller must not look like lines of their own. */
export function plainLogLine({ attempt, at, level, line, fields }: LogLine): string {
  const shown = line.replaceAll(/\r\n|\r|\n/g, '\n    ');
  return `${isoTime(at)} ${level.toUpperCase().padEnd(5)} [${attempt}] ${shown}${fields === null ? '' : ` ${fields}`}\n`;
}

/** Whether a caller who says this in `Accept` wants text rather than JSON. Without a word for either it is JSON. */
export function wantsText(accept: string | undefined): boolean {
  return wantsType(accept, 'text/plain');
}

/** The same for another type. */
export function wantsType(accept: string | undefined, type: string): boolean {
  if (accept === undefined || !accept.includes(type)) return false;
  return weightOf(accept, type) > weightOf(accept, 'application/json');
}

function weightOf(accept: string, type: string): number {
  const part = accept.split(',').find((one) => one.trim().toLowerCase().startsWith(type));
  if (part === undefined) return 0;
  const weight = /;\s*q=([\d.]{1,6})/.exec(part)?.[1];
  return weight === undefined ? 1 : Number(weight);
}
