/** A job's output as the native API says it: chunks as JSON, and as text for who wants their concatenation. Pure. */
import type { LogLine } from '../../engine/api.ts';
import { isoTime } from './status.ts';

/** The chunk as it was emitted. */
export function chunkBody({ offset, attempt, fence, at, line }: LogLine): string {
  return `{"offset":${offset},"attempt":${attempt},"fence":${fence},"at":"${isoTime(at)}","chunk":${line}}`;
}

/** Strings as they are, with nothing between them; any other value as a line of JSON. */
export function plainChunk({ line }: LogLine): string {
  return line.startsWith('"') ? (JSON.parse(line) as string) : `${line}\n`;
}

/** Those of the newest run among them: text cannot tell where one run ends and another begins. */
export function newestRun(chunks: readonly LogLine[]): readonly LogLine[] {
  const fence = chunks.at(-1)?.fence;
  return chunks.filter((chunk) => chunk.fence === fence);
}
