/** Limits per key as people read them. */
import type { LimitBody } from '../../client/index.ts';
import { printable } from './printable.ts';
import { tableLines } from './table.ts';

const WHOLE = Number.POSITIVE_INFINITY;

export function limitLines(limits: readonly LimitBody[], columns: number): readonly string[] {
  return tableLines<LimitBody>(
    [
      { head: 'KEY', widthMax: WHOLE, text: ({ key }) => printable(key) },
      { head: 'AT ONCE', widthMax: WHOLE, text: ({ concurrency }) => String(concurrency ?? '-') },
      {
        head: 'RATE',
        widthMax: WHOLE,
        text: ({ rate }) => (rate === null ? '-' : `${rate.count}/${rate.perMs}ms`),
      },
      { head: 'RUNNING', widthMax: WHOLE, text: ({ running }) => String(running) },
      { head: 'WAITING', widthMax: WHOLE, text: ({ waiting }) => String(waiting) },
      { head: 'SET BY', widthMax: WHOLE, text: ({ kept }) => (kept ? 'call' : 'jobs') },
      { head: 'CLOSED', widthMax: WHOLE, text: closedText },
    ],
    limits,
    columns,
  );
}

function closedText({ closed, closedUntil }: LimitBody): string {
  if (!closed) return '-';
  return closedUntil === null ? 'until opened' : `until ${closedUntil}`;
}
