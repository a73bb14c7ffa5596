/** Every link of the built site to itself, anchors included, leads somewhere: the generator looks at pages alone. */
import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

export interface DeadLink {
  readonly page: string;
  readonly link: string;
}

export function deadLinksOf(folder: string, base: string): readonly DeadLink[] {
  const files = new Set(globSync('**/*', { cwd: folder }));
  const texts = new Map(
    [...files].filter((path) => path.endsWith('.html')).map((path) => [path, readFileSync(join(folder, path), 'utf8')]),
  );
  const anchors = new Map([...texts].map(([path, text]) => [path, new Set(valuesOf(text, 'id'))]));
  const isAlive = (page: string, link: string) => {
    const url = new URL(link, `http://site${base}${page}`);
    if (url.host !== 'site') return true;
    if (!url.pathname.startsWith(base)) return false;
    const path = decodeURIComponent(url.pathname.slice(base.length));
    const file = [path, posix.join(path, 'index.html'), `${path}.html`].find(
      (each) => files.has(each) && each !== '' && !each.endsWith('/'),
    );
    if (file === undefined) return false;
    return url.hash === '' || anchors.get(file)?.has(decodeURIComponent(url.hash.slice(1))) !== false;
  };
  return [...texts].flatMap(([page, text]) => {
    const links = new Set([...valuesOf(text, 'href'), ...valuesOf(text, 'src')]);
    return [...links].filter((link) => !isAlive(page, link)).map((link) => ({ page, link }));
  });
}

function valuesOf(html: string, attribute: string): readonly string[] {
  const found = html.matchAll(new RegExp(`\\s${attribute}="([^"]*)"`, 'g'));
  return [...found].map(([, value = '']) => value.replaceAll('&amp;', '&'));
}
