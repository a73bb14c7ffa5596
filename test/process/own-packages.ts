/** Packages that one test alone needs, in a folder of their own with a lock: installed where they are missing, so that nobody else waits for them. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Resolves when what the folder's lock says is there. @param what for the message where it cannot be */
export async function installIn(folder: string, what: string): Promise<void> {
  const lock = join(folder, 'package-lock.json');
  const installed = join(folder, 'node_modules/.lock');
  if (existsSync(installed) && readFileSync(installed).equals(readFileSync(lock))) return;
  const args = ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', args, { cwd: folder }).catch((error: { readonly stderr: string }) => {
    throw new Error(`${what} could not be installed: is the npm registry in reach?\n${error.stderr}`);
  });
  cpSync(lock, installed);
}
