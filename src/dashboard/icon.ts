/** The sign of the dashboard, as browsers show it in a tab. */
import { gzipSync } from 'node:zlib';
import type { BrowserFile } from './browser-files.ts';

const TEXT =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#2f5bea" stroke-width="2.4" stroke-linecap="round">' +
  '<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.5 2"/></svg>\n';

export const ICON: BrowserFile = {
  contentType: 'image/svg+xml',
  bytes: Buffer.from(TEXT),
  zipped: gzipSync(TEXT),
};
