/**
 * Tarballs of the packages of a tree, and their checksums in a file that `sha256sum -c` reads.
 *
 * npm gives every packed file the same time: the same tree and the same tools make the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGES } from './manifests.ts';

export const CHECKSUMS = 'SHA256SUMS';

export interface Tarball {
  readonly file: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** @param into a folder that is emptied first. */
export function packAll(tree: string, into: string): readonly Tarball[] {
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  const tarballs = PACKAGES.map((path) => tarballOf(packOne(join(tree, path), into), into));
  writeFileSync(join(into, CHECKSUMS), tarballs.map(({ file, sha256 }) => `${sha256}  ${file}\n`).join(''));
  return tarballs;
}

/** @returns the name of the file. */
function packOne(folder: string, into: string): string {
  const manifest = join(folder, 'package.json');
  const before = readFileSync(manifest, 'utf8');
  const said = execFileSync('npm', ['pack', '--json', '--pack-destination', into], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === 'win32',
  });
  if (readFileSync(manifest, 'utf8') !== before) throw new Error(`Packing has left another ${manifest} behind.`);
  const file = /"filename":\s*"([^"]+\.tgz)"/.exec(said)?.[1];
  if (file === undefined) throw new Error(`npm pack named no tarball:\n${said}`);
  return file;
}

function tarballOf(file: string, folder: string): Tarball {
  const bytes = readFileSync(join(folder, file));
  return { file, sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.byteLength };
}
