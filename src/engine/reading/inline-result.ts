/** Which results are part of a status: JSON, whole, and small. The bytes come from handlers and upstreams, so they are checked. */
import type { ResultMeta } from '../../core/job.ts';
import type { ResultContent } from '../../store/contract.ts';

const JSON_TYPE = /^application\/(?:[a-z0-9!#$&^_.+-]+\+)?json\s*(?:;|$)/i;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Whether the result that `meta` describes may be shown inline; what it holds is not known yet. */
export function isInline(meta: ResultMeta | null, bytesMax: number): meta is ResultMeta {
  return meta !== null && meta.bytes <= bytesMax && JSON_TYPE.test(meta.contentType);
}

/** The result as JSON text, or null when it may not be shown inline or is not the JSON that it says it is. */
export function inlineText(content: ResultContent | null | undefined, bytesMax: number): string | null {
  if (content === null || content === undefined) return null;
  if (!isInline({ contentType: content.contentType, bytes: content.bytes.byteLength }, bytesMax)) return null;
  try {
    const text = utf8.decode(content.bytes);
    // An upstream may call anything JSON. Unchecked, its text would break the status body that it is pasted into.
    JSON.parse(text);
    return text;
  } catch {
    return null;
  }
}
