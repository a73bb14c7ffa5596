/** Reads a Retry-After header: seconds or an HTTP date. */

/** Milliseconds to wait, 0 to `capMs`; undefined where the header is missing or neither form. */
export function retryAfterMsOf(header: string | undefined, now: number, capMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,10}$/.test(text)) return Math.min(Number(text) * 1_000, capMs);
  const date = /^[A-Za-z]{3,9},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.min(Math.max(date - now, 0), capMs);
}
