/**
 * What npm runs after an install in the checkout, and where somebody installs the checkout by its path or as a workspace: makes the
 * declarations that their compilers read (3 s). Plain JavaScript, since any Node may run it.
 *
 * Where the compiler is not installed (`npm ci --omit=dev`) there is nobody to read them, and nothing is done. Nor where a package is
 * packed: `prepack` has just built the declarations with everything else.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const compiler = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'tsc.cmd' : 'tsc');

const isPacking = ['pack', 'publish'].includes(process.env.npm_command ?? '');

if (existsSync(compiler) && !isPacking) {
  const { status, error } = spawnSync(compiler, ['-p', 'tsconfig.build.json', '--emitDeclarationOnly'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (error !== undefined) console.error(error.message);
  process.exitCode = status ?? 1;
}
