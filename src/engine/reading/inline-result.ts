/** Which results are part of a status: JSON, whole, and small. The bytes come from handlers and upstreams, so they are checked. */
import type { ResultMeta } from '../../core/job.ts';
import type { Limits } from '../../core/limits.ts';
import { isJsonType } from '../../core/media-type.ts';
import type { ResultContent } from '../../store/contract.ts';
import { isSoundNow } from '../json-check.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Whether the result that `meta` describes may be shown inline; what it holds is not known yet. */
export function isInline(meta: ResultMeta | null, bytesMax: number): meta is ResultMeta {
  return meta !== null && meta.bytes <= bytesMax && isJsonType(meta.contentType);
}

/**
 * The result as JSON text, or null when it may not be shown inline. It was checked when it was taken in; what an archive or another
 * version brought is checked here, since its text is pasted into bodies.
 */
export function inlineText(
  content: ResultContent | null | undefined,
  limits: Pick<Limits, 'resultInlineBytesMax' | 'jsonDepthMax'>,
): string | null {
  if (content === null || content === undefined) return null;
  const { contentType, bytes } = content;
  if (!isInline({ contentType, bytes: bytes.byteLength }, limits.resultInlineBytesMax)) return null;
  return isSoundNow(bytes, limits) ? utf8.decode(bytes) : null;
}
