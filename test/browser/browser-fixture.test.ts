/** Models that nothing which a page complains of goes unheard: a flow that passes was a quiet one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDashboard } from './browser-fixture.ts';

test('each kind of complaint fails the test that it comes up in', async () => {
  const loud = async () => {
    await using dashboard = await openDashboard();
    const page = await dashboard.signIn({ path: '/types' });
    assert.deepEqual(dashboard.troubles(), []);
    await page.evaluate("console.error('said by the page')");
    await page.evaluate("setTimeout(() => { throw new Error('thrown by the page'); })");
    await page.evaluate("document.body.setAttribute('style', 'color: red')");
    await page.evaluate("fetch('/v1/jobs/none').then(() => null)");
    await page.evaluate("fetch('http://127.0.0.1:1/').catch(() => null)");
    await page.waitForFunction('true');
  };
  await assert.rejects(loud, (error: unknown) => {
    const said = String(error);
    const each = [
      /said by the page/,
      /thrown by the page/,
      /policy breached: style-src-attr/,
      /answered 404/,
      /connect-src/,
    ];
    for (const trouble of each) assert.match(said, trouble);
    return true;
  });
});
