/** What the dashboard's server side sends: the page and its policy, files that browsers keep for good, and how much all of it is. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type HttpFixture, openHttp } from './http-fixture.ts';

/** Of the page and all that it loads at its first visit. */
const ZIPPED_BYTES_MAX = 150_000;

const POLICY =
  /^default-src 'none'; script-src 'self' 'sha256-([A-Za-z0-9+/]{43}=)'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'$/;

const get = (http: HttpFixture, path: string, headers = {}) => http.call('GET', path, { key: null, headers });

/** Every address that the page names, as a browser that is at `path` understands it. */
async function named(http: HttpFixture, path: string): Promise<readonly string[]> {
  const { text } = await get(http, path);
  const map = JSON.parse(/<script type="importmap">(.*)<\/script>/.exec(text)?.[1] ?? '') as {
    imports: Record<string, string>;
  };
  const attributes = [...text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, address = '']) => address);
  const all = [...attributes, ...Object.values(map.imports)];
  return [...new Set(all.map((address) => new URL(address, `http://bide.test/base${path}`).pathname))];
}

describe('the page', () => {
  test('comes with a policy that lets nothing in but its own files', async () => {
    await using http = await openHttp();
    const { status, headers, text } = await get(http, '/dashboard');
    assert.equal(status, 200);
    const [, hash] = POLICY.exec(String(headers['content-security-policy'])) ?? [];
    const [, map = ''] = /<script type="importmap">(.*)<\/script>/.exec(text) ?? [];
    assert.equal(hash, createHash('sha256').update(map).digest('base64'));
    assert.deepEqual(
      text.match(/<script(?! type="importmap">| type="module" src="[^"]+"><\/script>)|<style|\son\w+=|style=/g),
      null,
    );
    const { 'content-type': type, 'x-content-type-options': sniff, 'referrer-policy': referrer } = headers;
    assert.deepEqual([type, sniff, referrer], ['text/html; charset=utf-8', 'nosniff', 'no-referrer']);
    const { 'cross-origin-opener-policy': opener, 'cache-control': kept } = headers;
    assert.deepEqual([opener, kept], ['same-origin', 'no-cache']);
  });

  test('is there at every address below the dashboard, and its files are found from each', async () => {
    await using http = await openHttp();
    const first = await named(http, '/dashboard');
    assert.ok(first.length > 30 && first.every((path) => path.startsWith('/base/dashboard/assets/')), first[0]);
    for (const path of [
      '/dashboard/',
      '/dashboard/jobs',
      '/dashboard/jobs?state=failed&a=/b/c',
      '/dashboard/jobs/a%2Fb',
      '/dashboard//x/y/z',
    ]) {
      assert.deepEqual(await named(http, path), first, path);
    }
    for (const path of first) assert.equal((await get(http, path.slice('/base'.length))).status, 200, path);
  });

  test('is what browsers get at the root, and programs get what they always got', async () => {
    await using http = await openHttp();
    const browser = await get(http, '/', { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' });
    assert.deepEqual([browser.status, browser.headers.location, browser.headers.vary], [302, './dashboard', 'accept']);
    for (const headers of [{}, { accept: '*/*' }, { accept: 'application/json' }]) {
      const answer = await get(http, '/', headers);
      assert.deepEqual([answer.status, answer.json().name], [200, 'bide']);
    }
  });

  test('and all that belongs to it are not there where it is switched off', async () => {
    await using http = await openHttp({ hasDashboard: false });
    for (const path of ['/dashboard', '/dashboard/jobs', '/dashboard/session', '/dashboard/assets/x/ui/main.js']) {
      assert.equal((await get(http, path)).status, 404, path);
    }
    assert.equal((await get(http, '/', { accept: 'text/html' })).status, 200);
  });
});

describe('files', () => {
  test('are kept by browsers for good, zipped where they can read that, and of the right type', async () => {
    await using http = await openHttp();
    const types = {
      js: 'text/javascript; charset=utf-8',
      ts: 'text/javascript; charset=utf-8',
      css: 'text/css; charset=utf-8',
      svg: 'image/svg+xml',
    };
    for (const path of (await named(http, '/dashboard')).map((full) => full.slice('/base'.length))) {
      const [plain, zipped] = [await get(http, path), await get(http, path, { 'accept-encoding': 'br, gzip;q=0.5' })];
      const { 'content-type': type, 'cache-control': kept, vary, 'x-content-type-options': sniff } = plain.headers;
      const ending = path.slice(path.lastIndexOf('.') + 1) as keyof typeof types;
      assert.deepEqual(
        [type, kept, vary, sniff],
        [types[ending], 'public, max-age=31536000, immutable', 'accept-encoding', 'nosniff'],
        path,
      );
      assert.equal(zipped.headers['content-encoding'], 'gzip');
      assert.deepEqual(gunzipSync(zipped.bytes), plain.bytes, path);
      const head = await http.call('HEAD', path, { key: null });
      assert.deepEqual([head.status, head.text], [200, '']);
    }
  });

  test('of another version, and what was never one, are said not to be there', async () => {
    await using http = await openHttp();
    const [main = ''] = (await named(http, '/dashboard')).filter((path) => path.endsWith('/ui/main.js'));
    const version = main.split('/')[4] ?? '';
    const none = [
      '',
      '/',
      '/x',
      `/0000000000000000/ui/main.js`,
      `/${version}`,
      `/${version}/`,
      `/${version}/ui/none.js`,
      `/${version}/ui/tsconfig.json`,
      `/${version}/../routes.ts`,
      `/${version}/..%2Froutes.ts`,
      `/${version}/__proto__`,
    ];
    for (const path of none) {
      const answer = await get(http, `/dashboard/assets${path}`);
      assert.deepEqual(
        [answer.status, answer.headers['content-type']],
        [404, 'application/problem+json; charset=utf-8'],
        path,
      );
      assert.notEqual(answer.headers['cache-control'], 'public, max-age=31536000, immutable');
    }
  });

  test('are few enough bytes for a first visit', async (t) => {
    await using http = await openHttp();
    const paths = (await named(http, '/dashboard')).map((full) => full.slice('/base'.length));
    let bytes = (await get(http, '/dashboard')).bytes.length;
    for (const path of paths) bytes += (await get(http, path, { 'accept-encoding': 'gzip' })).bytes.length;
    t.diagnostic(`the first visit loads ${paths.length} files, ${(bytes / 1_000).toFixed(1)} kB zipped`);
    assert.ok(bytes <= ZIPPED_BYTES_MAX, `${bytes} bytes`);
  });

  test('of pages that are fetched when somebody goes there are not among those of the first visit, and are there', async () => {
    await using http = await openHttp();
    const first = (await named(http, '/dashboard')).map((full) => full.slice('/base'.length));
    const pages = first.find((path) => path.endsWith('/ui/pages.js')) ?? '';
    const asked = [...(await get(http, pages)).text.matchAll(/import\('([^']+)'\)/g)].map(([, to = '']) => to);
    assert.ok(asked.includes('./pages/schedules.js'), asked.join());
    const left = asked.map((to) => new URL(to, `http://bide.test${pages}`).pathname);
    assert.deepEqual(
      first.filter((path) => left.includes(path)),
      [],
    );
    const seen = new Set(first);
    for (let path = left.pop(); path !== undefined; path = left.pop()) {
      if (seen.has(path)) continue;
      seen.add(path);
      const { status, text } = await get(http, path);
      assert.equal(status, 200, path);
      for (const [, to = ''] of text.matchAll(/from '(\.[^']+)'/g))
        left.push(new URL(to, `http://bide.test${path}`).pathname);
    }
    assert.ok(seen.size > first.length);
  });
});
