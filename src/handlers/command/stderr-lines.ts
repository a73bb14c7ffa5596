/** Splits stderr into lines as it comes, and keeps its end for the error message. Bounded: a line without end is cut. */

const LINE_LENGTH_MAX = 8_192;
const TAIL_LENGTH_MAX = 4_096;

export interface StderrLines {
  push(chunk: Buffer): void;
  /** Hands out a last line that had no line break. */
  end(): void;
  /** The last few kilobytes of log lines. */
  tail(): string;
}

/** @param onLine returns whether the line belongs to the log, and so to the tail */
export function stderrLines(onLine: (line: string) => boolean): StderrLines {
  const decoder = new TextDecoder();
  let rest = '';
  let tail = '';
  const take = (line: string) => {
    if (onLine(line)) tail = `${tail}${line}\n`.slice(-TAIL_LENGTH_MAX);
  };
  return {
    push(chunk) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
      if (rest.length > LINE_LENGTH_MAX) {
        take(rest);
        rest = '';
      }
    },
    end() {
      if (rest !== '') take(rest);
      rest = '';
    },
    tail: () => tail.trimEnd(),
  };
}
