/** API keys as people read them. */
import type { KeyBody } from '../../client/index.ts';
import { shortDuration } from './duration.ts';
import { printable } from './printable.ts';
import { tableLines } from './table.ts';

/** A line per key below a head, within `columns`; scopes come last, where a long list is cut. */
export function keyLines(
  keys: readonly KeyBody[],
  { nowMs, columns }: { readonly nowMs: number; readonly columns: number },
): readonly string[] {
  const whole = Number.POSITIVE_INFINITY;
  return tableLines<KeyBody>(
    [
      { head: 'ID', widthMax: whole, text: ({ id }) => id },
      { head: 'NAME', widthMax: 16, text: ({ name }) => printable(name) },
      { head: 'TENANT', widthMax: 12, text: ({ tenant }) => printable(tenant) },
      { head: 'AGE', widthMax: whole, text: ({ createdAt }) => shortDuration(nowMs - Date.parse(createdAt)) },
      { head: 'ENDS', widthMax: whole, text: (key) => endText(key, nowMs) },
      // It includes the others.
      {
        head: 'SCOPES',
        widthMax: whole,
        text: ({ scopes }) => (scopes.includes('admin') ? 'admin' : scopes.join(',')),
      },
    ],
    keys,
    columns,
  );
}

function endText({ revokedAt, expiresAt }: KeyBody, nowMs: number): string {
  if (revokedAt !== null) return 'revoked';
  if (expiresAt === null) return 'never';
  const leftMs = Date.parse(expiresAt) - nowMs;
  return leftMs > 0 ? `in ${shortDuration(leftMs)}` : 'expired';
}
