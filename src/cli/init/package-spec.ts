/**
 * How a new project names the Bide that made it: a tarball or folder by its path, where it was installed from one, else by its version.
 *
 * So a project made by an unreleased Bide installs the same one, and one made by a release takes its compatible successors.
 */
import { readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Manifest } from './project-manifest.ts';

const OWN_ROOT = fileURLToPath(new URL('../../../', import.meta.url)).replace(/[\\/]$/, '');
const MODULES = `${sep}node_modules${sep}`;

export interface OwnPackage extends Manifest {
  readonly version: string;
  readonly devDependencies: Readonly<Record<string, string>>;
}

export function ownPackage(): OwnPackage {
  return JSON.parse(readFileSync(join(OWN_ROOT, 'package.json'), 'utf8')) as OwnPackage;
}

/** @param folder where the project will be, absolute. */
export function bideSpec(folder: string, version: string): string {
  const at = OWN_ROOT.lastIndexOf(MODULES);
  if (at === -1) return fileSpec(folder, OWN_ROOT);
  const installer = OWN_ROOT.slice(0, at);
  const spec = dependencyOf(installer);
  if (spec === undefined) return `^${version}`;
  return spec.startsWith('file:') ? fileSpec(folder, resolve(installer, spec.slice('file:'.length))) : spec;
}

function dependencyOf(folder: string): string | undefined {
  const { dependencies, devDependencies } = readManifest(folder) ?? {};
  return dependencies?.bide ?? devDependencies?.bide;
}

/** Null where there is none. Throws a SyntaxError for one that is no JSON. */
export function readManifest(folder: string): Manifest | null {
  let text: string;
  try {
    text = readFileSync(join(folder, 'package.json'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  return JSON.parse(text) as Manifest;
}

function fileSpec(folder: string, path: string): string {
  return `file:${relative(folder, path).split(sep).join('/')}`;
}
