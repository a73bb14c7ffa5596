/** What stands in messages and artifacts: text, data, files. Between Bide's values and either version's parts. Pure and total. */

import { parseForPassingOn } from '../../core/exact-json.ts';
import type { Job, Json } from '../../core/job.ts';
import type { LogLine } from '../../engine/api.ts';
import type { JobResult } from '../result-of.ts';

export type Content =
  | { readonly kind: 'text'; readonly text: string; readonly mediaType: string }
  | { readonly kind: 'data'; readonly data: Json }
  | {
      readonly kind: 'file';
      /** Base64. */
      readonly bytes?: string;
      readonly url?: string;
      readonly mediaType: string | null;
      readonly filename: string | null;
    };

export interface Artifact {
  readonly id: string;
  readonly contents: readonly Content[];
}

/** The result of a job, and what it emitted where there is no other. */
export const RESULT = 'result';
export const OUTPUT = 'output';

const PLAIN = 'text/plain';

/**
 * The input that a message makes: one part is what it holds, several texts are one text in lines, and any other mix is a list of what each holds.
 * @param textField where a text alone goes; null where it is the input itself
 */
export function inputOf(contents: readonly Content[], textField: string | null): Json {
  const value = valueIn(contents);
  return typeof value === 'string' && textField !== null && isTextAlone(contents) ? { [textField]: value } : value;
}

function valueIn(contents: readonly Content[]): Json {
  const [only] = contents;
  if (only !== undefined && contents.length === 1) return heldBy(only);
  if (isTextAlone(contents)) return contents.map(heldBy).join('\n');
  return contents.map(heldBy);
}

function isTextAlone(contents: readonly Content[]): boolean {
  return contents.every(({ kind }) => kind === 'text');
}

function heldBy(content: Content): Json {
  if (content.kind === 'text') return content.text;
  if (content.kind === 'data') return content.data;
  const { bytes, url, mediaType, filename } = content;
  return {
    ...(bytes === undefined ? {} : { bytes }),
    ...(url === undefined ? {} : { url }),
    ...(mediaType === null ? {} : { mediaType }),
    ...(filename === null ? {} : { filename }),
  };
}

/** The artifacts of a job that has ended; none for one that brought nothing. @param chunks what its runs emitted */
export function artifactsOf(
  job: Pick<Job, 'fence'>,
  result: JobResult,
  chunks: readonly LogLine[],
): readonly Artifact[] {
  const content = contentOf(result);
  if (content !== null) return [{ id: RESULT, contents: [content] }];
  const own = chunks.filter(({ fence }) => fence === job.fence);
  return own.length === 0 ? [] : [{ id: OUTPUT, contents: own.map(chunkContent) }];
}

/** Null for no result, and for the result null: then it is what was emitted that counts. */
export function contentOf(result: JobResult): Content | null {
  if (result.kind === 'none' || (result.kind === 'json' && result.value === null)) return null;
  return result.kind === 'json' ? jsonContent(result.value) : bytesContent(result.contentType, result.bytes);
}

export function chunkContent({ line }: LogLine): Content {
  return jsonContent(parseForPassingOn(line));
}

function jsonContent(value: Json): Content {
  return typeof value === 'string' ? { kind: 'text', text: value, mediaType: PLAIN } : { kind: 'data', data: value };
}

function bytesContent(contentType: string, bytes: Uint8Array): Content {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (/^text\//i.test(contentType)) return { kind: 'text', text: buffer.toString('utf8'), mediaType: contentType };
  return { kind: 'file', bytes: buffer.toString('base64'), mediaType: contentType, filename: null };
}
