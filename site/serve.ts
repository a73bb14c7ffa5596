/** Shows the built site on loopback, as any static server would: a file, or the page that says that there is none. */
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, posix } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

export interface ShownSite {
  readonly url: string;
  close(): void;
}

/** @param base what the site was built for @returns where it is */
export async function serveSite(folder: string, base: string, port: number): Promise<ShownSite> {
  const server = createServer(({ url = '/' }, response) => {
    const file = fileAt(folder, base, url);
    const shown = file ?? join(folder, '404.html');
    response.writeHead(file === null ? 404 : 200, { 'content-type': TYPES[extname(shown)] ?? 'text/plain' });
    response.end(readFileSync(shown));
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${base}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Below the folder, whatever the path says. */
function fileAt(folder: string, base: string, url: string): string | null {
  const { pathname } = new URL(posix.normalize(url.split('?')[0] ?? '/'), 'http://site');
  if (!pathname.startsWith(base)) return null;
  const path = join(folder, decoded(pathname.slice(base.length)));
  if (!`${path}/`.startsWith(`${folder}/`)) return null;
  return [path, join(path, 'index.html'), `${path}.html`].find(isFile) ?? null;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
