/** The one line of stderr that means something: `progress 40` or `progress 40 message`. Every other line is log. */

export interface ProgressLine {
  readonly percent: number;
  /** Undefined leaves the message as it was. */
  readonly message: string | undefined;
}

const PROGRESS = /^progress\s+(\d{1,3}(?:\.\d{1,10})?)%?(?:\s+(\S.*))?$/;

/** Null when the line is not a progress line, a percentage above 100 included. */
export function progressOf(line: string): ProgressLine | null {
  const match = PROGRESS.exec(line.trim());
  if (match === null) return null;
  const percent = Number(match[1]);
  return percent > 100 ? null : { percent, message: match[2] };
}
