/** Schemas of Compose and of Kubernetes, from packages that no other test needs: installed where they are missing. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const SCHEMAS = join(import.meta.dirname, 'schemas');
const LOCK = join(SCHEMAS, 'package-lock.json');
const INSTALLED = join(SCHEMAS, 'node_modules/.lock');

/** A `require` of those packages. */
export async function requireSchemas(): Promise<NodeJS.Require> {
  const isCurrent = existsSync(INSTALLED) && readFileSync(INSTALLED).equals(readFileSync(LOCK));
  if (!isCurrent) {
    const args = ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
    await run('npm', args, { cwd: SCHEMAS }).catch((error: { readonly stderr: string }) => {
      throw new Error(`The schemas could not be installed: is the npm registry in reach?\n${error.stderr}`);
    });
    cpSync(LOCK, INSTALLED);
  }
  return createRequire(join(SCHEMAS, 'package.json'));
}
