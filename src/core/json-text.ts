/** Whether bytes are JSON that everybody here can read: one value in UTF-8, nested no deeper than a limit. */
import { jsonDepth } from './json-depth.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The end of a sentence about the bytes, or null where nothing is wrong. Reading and writing JSON recurse, hence the depth. */
export function jsonComplaint(bytes: Uint8Array, depthMax: number): string | null {
  if (bytes.byteLength > depthMax && jsonDepth(bytes, depthMax) > depthMax) {
    return `is nested deeper than ${depthMax} levels (jsonDepthMax)`;
  }
  try {
    JSON.parse(utf8.decode(bytes));
    return null;
  } catch {
    return 'is not one JSON value in UTF-8';
  }
}
