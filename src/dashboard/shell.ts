/**
 * The one page that the server sends, and the policy that it comes with: scripts, styles and calls of this server and nothing else, no
 * text that becomes markup, and no frame of anybody's around it.
 *
 * It names its files relative to itself, so that it works behind a proxy which serves it below a path of its own.
 */
import { createHash } from 'node:crypto';
import type { BrowserFiles } from './browser-files.ts';
import { ASSETS } from './paths.ts';

export interface Shell {
  readonly page: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** @param path of the request, without its query */
export function shellOf({ version, files, names, first }: BrowserFiles, path: string): Shell {
  const folders = path.split('/').length - 2;
  const root = folders === 0 ? '.' : Array.from({ length: folders }, () => '..').join('/');
  const at = (file: string) => `${root}${ASSETS}/${version}/${file}`;
  const imports = Object.fromEntries(Object.entries(names).map(([name, file]) => [name, at(file)]));
  const map = JSON.stringify({ imports });
  const styles = [...files.keys()].filter((file) => file.endsWith('.css'));
  const page = [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<title>Bide</title>',
    `<link rel="icon" href="${at('icon.svg')}" type="image/svg+xml">`,
    ...styles.map((file) => `<link rel="stylesheet" href="${at(file)}">`),
    `<script type="importmap">${map}</script>`,
    // All at once, in place of one round trip for each step from import to import.
    ...first.map((file) => `<link rel="modulepreload" href="${at(file)}">`),
    `<script type="module" src="${at('ui/main.js')}"></script>`,
    '</head>',
    '<body>',
    '<div id="app"></div>',
    '<noscript>The dashboard needs JavaScript. The API and <code>bide help</code> do not.</noscript>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
  return { page, headers: headersOf(createHash('sha256').update(map).digest('base64')) };
}

function headersOf(mapHash: string): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    `script-src 'self' 'sha256-${mapHash}'`,
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  return {
    'content-security-policy': policy,
    'content-type': 'text/html; charset=utf-8',
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
}
