/**
 * `npm run docs`: the site of `docs/`, as files for any static server, in `site/dist`. It needs no network when it is read: search, fonts and scripts are its own.
 *
 *   npm run docs                       the site for the top of a host
 *   npm run docs -- --base /bide/      for a sub-path
 *   npm run docs -- --serve            builds it, and serves it on loopback until ^C (--port 4173)
 *
 * What builds it stands in `site/package.json` and is installed there by the first run, since nothing else needs it. A link that leads nowhere fails the build.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { deadLinksOf } from '../site/dead-links.ts';
import { sidebarOf } from '../site/rooms.ts';
import { serveSite } from '../site/serve.ts';
import { stage } from '../site/stage.ts';
import { ICON } from '../src/dashboard/icon.ts';
import { listTree, ROOT } from '../test/tidy/tree.ts';

const SITE = join(ROOT, 'site');
const PAGES = join(SITE, 'pages');

const { values } = parseArgs({
  options: {
    base: { type: 'string', default: '/' },
    serve: { type: 'boolean', default: false },
    port: { type: 'string', default: '4173' },
  },
});

if (!/^\/(?:[\w.-]+\/)*$/.test(values.base))
  fail(`--base is a path that begins and ends with a slash, such as /bide/: ${values.base}`);
await install();
layOut();
await vitepress('build', '--base', values.base);
const dead = deadLinksOf(join(SITE, 'dist'), values.base);
if (dead.length > 0)
  fail(`These links lead nowhere:\n${dead.map(({ page, link }) => `  ${page}: ${link}`).join('\n')}`);
console.log(`The site is in ${join(SITE, 'dist')}.`);
if (values.serve) {
  const { url } = await serveSite(join(SITE, 'dist'), values.base, Number(values.port));
  console.log(`It is at ${url} until ^C.`);
}

/** As `npm ci` does, and only where what is there is not what the lock says. */
async function install(): Promise<void> {
  const lock = join(SITE, 'package-lock.json');
  const installed = join(SITE, 'node_modules/.lock-of-site');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === readFileSync(lock, 'utf8')) return;
  console.log('Installing what builds the site into site/node_modules');
  const code = await run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], SITE);
  if (code !== 0)
    fail('What builds the site could not be installed: is a package registry in reach? (`npm config get registry`)');
  copyFileSync(lock, installed);
}

function layOut(): void {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string };
  const sidebar = sidebarOf(stage(ROOT, listTree(), PAGES));
  writeFileSync(join(PAGES, 'site.json'), JSON.stringify({ sidebar, version }));
  mkdirSync(join(PAGES, 'public'));
  writeFileSync(join(PAGES, 'public/icon.svg'), ICON.bytes);
}

async function vitepress(command: string, ...args: readonly string[]): Promise<void> {
  const program = join(SITE, 'node_modules/vitepress/bin/vitepress.js');
  const code = await run(process.execPath, [program, command, '.', ...args], SITE);
  if (code !== 0) fail(`vitepress ${command} ended with ${code}`);
}

async function run(command: string, args: readonly string[], cwd: string): Promise<number | null> {
  const env = { ...process.env, SITE_BASE: values.base, PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
  const [code] = await once(spawn(command, args, { cwd, env, stdio: 'inherit' }), 'exit');
  return code as number | null;
}

function fail(why: string): never {
  console.error(why);
  process.exit(1);
}
