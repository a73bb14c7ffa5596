import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { verifyWebhook, WebhookVerificationError } from './verify-webhook.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const OTHER = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
const NOW = Date.UTC(2030, 0, 1);
const BODY = '{"type":"job.succeeded","timestamp":"2030-01-01T00:00:00.000Z","data":{"tags":{"ä":"☃"}}}';

function headersFor(secret: string, { at = NOW, id = 'msg_1', body = BODY } = {}) {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1_000)),
    'webhook-signature': new Webhook(secret).sign(id, new Date(at), body),
  };
}

const verify = (headers: Parameters<typeof verifyWebhook>[1], body: string | Uint8Array = BODY, secret = SECRET) =>
  verifyWebhook(secret, headers, body, { now: NOW });

describe('verifyWebhook', () => {
  it('gives the event of what the reference implementation signed, as text and as bytes, however its headers come', async () => {
    const headers = headersFor(SECRET);
    assert.deepEqual(await verify(headers), JSON.parse(BODY));
    assert.deepEqual(await verify(headers, Buffer.from(BODY)), JSON.parse(BODY));
    assert.deepEqual(await verify(new Headers(headers)), JSON.parse(BODY));
    const shouted = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
    assert.deepEqual(await verify(shouted), JSON.parse(BODY));
  });

  it('takes any of several signatures, and any of several secrets', async () => {
    const both = [OTHER, SECRET].map((secret) => headersFor(secret)['webhook-signature']).join(' ');
    const headers = { ...headersFor(SECRET), 'webhook-signature': `v1a,xyz v1,%% ${both}` };
    assert.deepEqual(await verify(headers), JSON.parse(BODY));
    assert.deepEqual(await verifyWebhook([OTHER, SECRET], headersFor(SECRET), BODY, { now: NOW }), JSON.parse(BODY));
  });

  const refused: readonly [string, Record<string, string | undefined>, string?][] = [
    ['another secret', headersFor(OTHER)],
    ['another body', headersFor(SECRET), `${BODY} `],
    ['another id', { ...headersFor(SECRET), 'webhook-id': 'msg_2' }],
    ['another time', { ...headersFor(SECRET), 'webhook-timestamp': String(NOW / 1_000 + 1) }],
    ['an old message', headersFor(SECRET, { at: NOW - 301_000 })],
    ['a message of the future', headersFor(SECRET, { at: NOW + 301_000 })],
    ['no signature', { ...headersFor(SECRET), 'webhook-signature': undefined }],
    ['a time that is none', { ...headersFor(SECRET), 'webhook-timestamp': 'now' }],
    ['only signatures of another version', { ...headersFor(SECRET), 'webhook-signature': 'v2,abc' }],
  ];
  for (const [name, headers, body] of refused) {
    it(`refuses ${name}`, async () => {
      await assert.rejects(verify(headers, body), WebhookVerificationError);
    });
  }

  it('says of a secret that is none what one is', async () => {
    await assert.rejects(verify(headersFor(SECRET), BODY, 'whsec_'), /whsec_ and 24 to 64 bytes/);
  });
});
