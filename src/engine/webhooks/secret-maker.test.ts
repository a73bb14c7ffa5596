import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { newSecret, signatureOf } from './secret-maker.ts';

const body = '{"type":"job.succeeded","data":{"tags":{"ä":"☃"}}}';
const id = 'msg_1';
const timestamp = String(Math.floor(Date.now() / 1_000));
const headersOf = (signature: string) => ({
  'webhook-id': id,
  'webhook-timestamp': timestamp,
  'webhook-signature': signature,
});

describe('signatureOf', () => {
  it('is valid by the reference implementation, for each secret that signs', () => {
    const secrets = [newSecret(), newSecret()];
    const signature = signatureOf(secrets, { id, timestamp, body });
    assert.equal(signature.split(' ').length, 2);
    for (const secret of secrets)
      assert.deepEqual(new Webhook(secret).verify(body, headersOf(signature)), JSON.parse(body));
  });

  it('is the same as the reference makes', () => {
    const secret = newSecret();
    const expected = new Webhook(secret).sign(id, new Date(Number(timestamp) * 1_000), body);
    assert.equal(signatureOf([secret], { id, timestamp, body }), expected);
  });

  it('is not valid for another secret, body, id or time', () => {
    const secret = newSecret();
    const headers = headersOf(signatureOf([secret], { id, timestamp, body }));
    const verifier = new Webhook(secret);
    assert.throws(() => new Webhook(newSecret()).verify(body, headers));
    assert.throws(() => verifier.verify(`${body} `, headers));
    assert.throws(() => verifier.verify(body, { ...headers, 'webhook-id': 'msg_2' }));
    assert.throws(() => verifier.verify(body, { ...headers, 'webhook-timestamp': String(Number(timestamp) + 1) }));
  });
});
