import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeliveryBody, WebhookBody } from '../../client/index.ts';
import { deliveryLines, webhookLines } from './webhook-text.ts';

const WEBHOOK: WebhookBody = {
  ...{
    id: 'w1',
    url: 'https://x.example/\u001b[31m',
    dialect: 'native',
    events: ['job.failed', 'job.expired'],
    types: [],
    tags: {},
  },
  ...{ createdAt: '2030-01-01T00:00:00.000Z', disabled: null, failingSince: null },
};
const DELIVERY: DeliveryBody = {
  ...{ id: 'd1', event: 'job.failed', jobId: 'j', webhookId: 'w1', host: 'x.example', state: 'delivered', revision: 3 },
  ...{ at: '2030-01-01T00:00:00.000Z', dueAt: null, attempt: 2 },
  tries: [{ at: '2030-01-01T00:00:00.000Z', durationMs: 12, status: 204, error: null, answer: null }],
};

test('webhookLines says how a webhook does, and prints no control characters of its URL', () => {
  const disabled = { at: '2030-01-01T00:00:00.000Z', reason: 'gone' };
  const lines = webhookLines([WEBHOOK, { ...WEBHOOK, disabled }, { ...WEBHOOK, failingSince: disabled.at }], 100);
  assert.deepEqual(
    lines.map((line) => line.split(/ {2,}/)[1]),
    ['STATE', 'on', 'disabled', 'failing'],
  );
  assert.match(lines[1] ?? '', /^w1 +on +failed,expired +https:/);
  assert.equal(lines.join('').includes('\u001b'), false);
});

test('deliveryLines says what came of the last try', () => {
  const failed = {
    ...DELIVERY,
    tries: [{ ...DELIVERY.tries[0], error: 'The receiver answered 500.' }],
  } as DeliveryBody;
  const view = { nowMs: Date.UTC(2030, 0, 1, 1), columns: 120 };
  const lines = deliveryLines([DELIVERY, failed, { ...DELIVERY, tries: [] }], view);
  assert.match(lines[1] ?? '', /^d1 +job\.failed +delivered +2 +1h +204 in 12 ms$/);
  assert.match(lines[2] ?? '', /The receiver answered 500\.$/);
  assert.match(lines[3] ?? '', /not tried yet$/);
});
