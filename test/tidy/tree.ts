/** The files of the repository: what git tracks, and what is new and not ignored. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const ROOT = dirname(dirname(import.meta.dirname));

/**
 * Paths from the root that match one of the patterns, or all.
 *
 * `safe.directory` lets root look into the checkout of another user, as machines that build in containers do.
 */
export function listTree(...patterns: readonly string[]): readonly string[] {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '--', ...patterns];
  const paths = execFileSync('git', ['-c', 'safe.directory=*', ...list], { cwd: ROOT, encoding: 'utf8' }).split('\0');
  // A file that was deleted but not yet committed is still listed.
  return paths.filter((path) => path !== '' && existsSync(join(ROOT, path)));
}

export function readTree(...patterns: readonly string[]): ReadonlyMap<string, string> {
  return new Map(listTree(...patterns).map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}
