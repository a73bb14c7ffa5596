/** Limits per key as people read them. */
import type { LimitBody, LimitBounds } from '../../client/index.ts';
import { typedDuration } from './duration.ts';
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
        text: ({ rate }) => (rate === null ? '-' : rateText(rate)),
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

/** `3 at once, 100/1m`, with `before` in front; nothing where there is no bound. */
export function boundsText({ concurrency = null, rate = null }: LimitBounds, before = ''): string {
  const words = [
    ...(concurrency === null ? [] : [`${concurrency} at once`]),
    ...(rate === null ? [] : [`${rateText(rate)} starts`]),
  ];
  return words.length === 0 ? '' : `${before}${words.join(', ')}`;
}

/** As `--rate` takes it. */
function rateText({ count, perMs }: NonNullable<LimitBounds['rate']>): string {
  return `${count}/${typedDuration(perMs)}`;
}

function closedText({ closed, closedUntil }: LimitBody): string {
  if (!closed) return '-';
  return closedUntil === null ? 'until opened' : `until ${closedUntil}`;
}
