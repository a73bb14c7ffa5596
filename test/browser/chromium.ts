/**
 * The browser of the machine, with a fresh profile: `BIDE_CHROMIUM`, else where Debian, its relatives and Chrome's own packages put it.
 * Nothing is downloaded. Where there is none, whoever needs it fails and says what to install.
 */
import { accessSync, constants } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const USUAL = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** It stays on loopback and asks nobody for news. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function findChromium(named = process.env.BIDE_CHROMIUM, usual: readonly string[] = USUAL): string {
  const paths = named === undefined || named === '' ? usual : [named];
  const found = paths.find(isProgram);
  if (found !== undefined) return found;
  throw new Error(
    `No Chromium found, and the dashboard is proven in a real one. Install it (Debian, Ubuntu: apt-get install chromium), ` +
      `or set BIDE_CHROMIUM to the path of Chromium or Chrome. Looked at: ${paths.join(', ')}.`,
  );
}

export function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: findChromium(), args: [...FLAGS] });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
