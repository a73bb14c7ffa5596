/** Reading bytes as JSON that everybody here can handle: one value in UTF-8, nested no deeper than a limit. */
import type { Json } from './job.ts';
import { jsonDepth } from './json-depth.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export type ParsedJson =
  | { readonly kind: 'json'; readonly text: string; readonly value: Json }
  /** `complaint` is the end of a sentence about the bytes. */
  | { readonly kind: 'wrong'; readonly complaint: string };

/** Reading and writing JSON recurse, hence the depth. @param parse throws where the text is not JSON */
export function parseJson(bytes: Uint8Array, depthMax: number, parse: (text: string) => Json = JSON.parse): ParsedJson {
  if (bytes.byteLength > depthMax && jsonDepth(bytes, depthMax) > depthMax) {
    return { kind: 'wrong', complaint: `is nested deeper than ${depthMax} levels (jsonDepthMax)` };
  }
  try {
    const text = utf8.decode(bytes);
    return { kind: 'json', text, value: parse(text) };
  } catch {
    return { kind: 'wrong', complaint: 'is not one JSON value in UTF-8' };
  }
}

/** What is wrong with the bytes; null where nothing is. */
export function jsonComplaint(bytes: Uint8Array, depthMax: number): string | null {
  const parsed = parseJson(bytes, depthMax);
  return parsed.kind === 'json' ? null : parsed.complaint;
}
