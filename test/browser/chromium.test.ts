/** Models which browser the tests of the dashboard take, and what they say where there is none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findChromium } from './chromium.ts';

test('a browser that is named is taken or nothing is', () => {
  assert.equal(findChromium(process.execPath, []), process.execPath);
  assert.throws(() => findChromium('/no/such/browser', [process.execPath]), /Looked at: \/no\/such\/browser\.$/);
});

test('where there is none, the words say what to install', () => {
  assert.throws(() => findChromium('', ['/no/chromium']), /apt-get install chromium.*set BIDE_CHROMIUM/);
});
