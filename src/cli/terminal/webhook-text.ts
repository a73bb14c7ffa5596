/** Webhooks and deliveries as people read them. */
import type { DeliveryBody, WebhookBody } from '../../client/index.ts';
import { shortDuration } from './duration.ts';
import { printable } from './printable.ts';
import { tableLines } from './table.ts';

const WHOLE = Number.POSITIVE_INFINITY;

export function webhookLines(webhooks: readonly WebhookBody[], columns: number): readonly string[] {
  return tableLines<WebhookBody>(
    [
      { head: 'ID', widthMax: WHOLE, text: ({ id }) => id },
      { head: 'STATE', widthMax: WHOLE, text: stateText },
      {
        head: 'EVENTS',
        widthMax: 30,
        text: ({ events }) => events.map((word) => word.replace(/^job\./, '')).join(','),
      },
      { head: 'URL', widthMax: WHOLE, text: ({ url }) => printable(url) },
    ],
    webhooks,
    columns,
  );
}

function stateText({ disabled, failingSince }: WebhookBody): string {
  if (disabled !== null) return 'disabled';
  return failingSince === null ? 'on' : 'failing';
}

export interface DeliveryView {
  readonly nowMs: number;
  readonly columns: number;
}

export function deliveryLines(
  deliveries: readonly DeliveryBody[],
  { nowMs, columns }: DeliveryView,
): readonly string[] {
  return tableLines<DeliveryBody>(
    [
      { head: 'ID', widthMax: WHOLE, text: ({ id }) => id },
      { head: 'EVENT', widthMax: 16, text: ({ event }) => printable(event) },
      { head: 'STATE', widthMax: WHOLE, text: ({ state }) => state },
      { head: 'TRIES', widthMax: WHOLE, text: ({ attempt }) => String(attempt) },
      { head: 'AGE', widthMax: WHOLE, text: ({ at }) => shortDuration(nowMs - Date.parse(at)) },
      { head: 'LAST', widthMax: WHOLE, text: lastText },
    ],
    deliveries,
    columns,
  );
}

/** What came of the last try. */
export function lastText({ tries }: Pick<DeliveryBody, 'tries'>): string {
  const last = tries.at(-1);
  if (last === undefined) return 'not tried yet';
  return printable(last.error ?? `${last.status} in ${last.durationMs} ms`);
}
