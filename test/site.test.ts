/** How the site is laid out, without what builds it: each page has a room, links lead to where their target went, and a dead one is found. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { deadLinksOf } from '../site/dead-links.ts';
import { ROOMS, sidebarOf } from '../site/rooms.ts';
import { serveSite } from '../site/serve.ts';
import { stage } from '../site/stage.ts';
import { listTree, ROOT } from './tidy/tree.ts';

const folder = mkdtempSync(join(tmpdir(), 'bide-site-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function made(name: string, files: Readonly<Record<string, string>>): string {
  const top = join(folder, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(top, path, '..'), { recursive: true });
    writeFileSync(join(top, path), text);
  }
  return top;
}

describe('the pages', () => {
  test('are each in one room, and every page that a room names is there', () => {
    const pages = stage(ROOT, listTree(), join(folder, 'all'));
    const links = sidebarOf(pages).flatMap(({ items }) => items.map(({ link }) => link));
    const decisions = pages.filter(({ path }) => /^adr\/\d/.test(path));
    assert.equal(new Set(links).size, pages.length - decisions.length);
    const named = ROOMS.flatMap(({ pages: places }) => places).filter((place) => !place.endsWith('/'));
    assert.deepEqual(
      named.filter((place) => !links.includes(`/${place}`)),
      [],
    );
  });

  test('lead to the same place as in a checkout', () => {
    const files = {
      'README.md': '# Read me\n\n[start](docs/index.md)\n',
      'docs/index.md': '# Start\n\n[one](features/one.md#it) [read me](../README.md#it) `[code](README.md)`\n',
      'docs/features/one.md':
        '# One\n\n[start](../index.md) [script](../../bin/run.sh) [away](https://a.example/b.md)\n\n```sh\n[x](../index.md)\n```\n',
      'bin/run.sh': 'true\n',
    };
    const top = made('small', files);
    stage(top, Object.keys(files), join(folder, 'small-site'));
    const read = (path: string) => readFileSync(join(folder, 'small-site', path), 'utf8');
    assert.match(
      read('index.md'),
      /\[one\]\(\.\/features\/one\.md#it\) \[read me\]\(\.\/project\/README\.md#it\) `\[code\]\(README\.md\)`/,
    );
    assert.match(
      read('features/one.md'),
      /\[script\]\(\.\.\/source\/bin-run\.sh\.md\) \[away\]\(https:\/\/a\.example\/b\.md\)/,
    );
    assert.match(read('features/one.md'), /```sh\n\[x\]\(\.\.\/index\.md\)\n```/);
    assert.match(read('project/README.md'), /\[start\]\(\.\.\/index\.md\)/);
    assert.match(read('source/bin-run.sh.md'), /^# bin\/run\.sh\n\n````sh\ntrue\n````/);
  });

  test('whose links or anchors lead nowhere are found in what was built', () => {
    const top = made('built', {
      'index.html':
        '<a href="/b/one.html#there">a</a><a href="/b/one.html#none">b</a><img src="/b/none.png"><a href="/other/">c</a>',
      'one.html': '<h2 id="there">x</h2><a href="/b/">d</a><a href="https://a.example/">e</a>',
    });
    assert.deepEqual(
      deadLinksOf(top, '/b/').map(({ page, link }) => `${page} ${link}`),
      ['index.html /b/one.html#none', 'index.html /other/', 'index.html /b/none.png'],
    );
  });

  test('are served on loopback below a path, and nothing else of the machine is', async () => {
    const top = made('served/dist', { 'index.html': 'start', 'one.html': 'one', '404.html': 'none' });
    made('served', { 'secret.txt': 'secret' });
    const { url, close } = await serveSite(top, '/b/', 0);
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/b\/$/);
    const read = async (path: string) => {
      const answer = await fetch(new URL(path, url));
      return `${answer.status} ${answer.headers.get('content-type')?.split(';')[0]} ${await answer.text()}`;
    };
    assert.deepEqual(
      [await read(''), await read('one.html'), await read('one'), await read('/b/..%2fsecret.txt')],
      ['200 text/html start', '200 text/html one', '200 text/html one', '404 text/html none'],
    );
    assert.deepEqual([await read('none'), await read('%zz'), await read('/')], Array(3).fill('404 text/html none'));
    close();
  });
});
