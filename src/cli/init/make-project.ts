/**
 * Makes the folder of a new project: everything or nothing, and never over a file that is there.
 *
 * `package.json` and `.gitignore` alone may be there before: they get what is missing, since `npm install bide` leaves the one in every
 * folder, and an ignored `.env` is what keeps the key out of git.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { CONFIG_FILES } from '../../config/config-files.ts';
import { KEY_ID_BYTES, KEY_SECRET_BYTES, keyOf } from '../../core/api-key.ts';
import { usageError } from '../usage-error.ts';
import { bideSpec, type OwnPackage, ownPackage, readManifest } from './package-spec.ts';
import { IGNORED, type ProjectFile, projectFiles } from './project-files.ts';
import { type Manifest, manifestOf, type Needed } from './project-manifest.ts';

export interface ProjectOptions {
  readonly folder: string;
  readonly isJavaScript: boolean;
  /** The machine's Node is older than the one that Bide runs on, so that the project brings its own. */
  readonly isNodeOld: boolean;
}

const NODE_MAJOR = 24;
/** The oldest that starts the launcher. */
const NODE_MAJOR_OLD = 20;
/** What may lie in a folder that is as good as empty. */
const BARE = /^(package(-lock)?\.json|node_modules|\..*)$/;

/**
 * @returns the paths of what was made or completed.
 * @throws USAGE where a file is in the way, or the folder cannot be written.
 */
export function makeProject(options: ProjectOptions): readonly string[] {
  try {
    return writeProject(options);
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    const advice = 'Name a folder that you may write, or a new one in such a folder.';
    throw usageError(`Nothing can be written into ${resolve(options.folder)} (${code}). ${advice}`);
  }
}

function writeProject(options: ProjectOptions): readonly string[] {
  const folder = resolve(options.folder);
  const found = manifestIn(folder);
  const isModule = found === null || found.type === 'module' || (found.type === undefined && isBare(folder));
  const name = packageName(folder);
  const files = projectFiles({ name, isJavaScript: options.isJavaScript, isModule, key: drawnKey() });
  requireFree(options.folder, folder, files);
  const needed = neededBy(options, { folder, name, isModule });
  mkdirSync(folder, { recursive: true });
  const made: string[] = [];
  try {
    for (const { path, text, isSecret } of files) {
      writeFileSync(join(folder, path), text, { flag: 'wx', mode: isSecret === true ? 0o600 : 0o666 });
      made.push(path);
    }
    ignore(folder);
    writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifestOf(found, needed), null, 2)}\n`);
  } catch (error) {
    for (const path of made) rmSync(join(folder, path), { force: true });
    throw error;
  }
  return [...made, '.gitignore', 'package.json'];
}

function manifestIn(folder: string): Manifest | null {
  try {
    return readManifest(folder);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw usageError(
      `${join(folder, 'package.json')} cannot be read: ${error.message}. Correct it, or name another folder.`,
    );
  }
}

function isBare(folder: string): boolean {
  return readdirSync(folder).every((name) => BARE.test(name));
}

function requireFree(shown: string, folder: string, files: readonly ProjectFile[]): void {
  // Two configs in one folder: the second would never be read.
  const taken = [...new Set([...CONFIG_FILES, ...files.map(({ path }) => path)])].filter((path) =>
    existsSync(join(folder, path)),
  );
  if (taken.length === 0) return;
  const [verb, pronoun] = taken.length === 1 ? ['is', 'it'] : ['are', 'them'];
  const place = shown === '.' ? 'here' : `in ${shown}`;
  throw usageError(
    `${taken.join(', ')} ${verb} ${place} already, and \`bide init\` overwrites nothing: move ${pronoun} away, or name another folder.`,
  );
}

function neededBy(
  { isNodeOld }: Pick<ProjectOptions, 'isNodeOld'>,
  { folder, name, isModule }: { readonly folder: string; readonly name: string; readonly isModule: boolean },
): Needed {
  const own = ownPackage();
  const bide = bideSpec(folder, own.version);
  return {
    name,
    isModule,
    dependencies: {
      bide,
      ...(isNodeOld ? { node: `^${NODE_MAJOR}.0.0` } : {}),
      zod: testedWith(own, 'zod'),
    },
    devDependencies: {
      '@types/node': testedWith(own, '@types/node'),
      typescript: testedWith(own, 'typescript'),
    },
    node: `>=${isNodeOld ? NODE_MAJOR_OLD : NODE_MAJOR}`,
    // A checkout makes its declarations when it is installed, and is named here as among the dependencies.
    allowScripts: { ...(isNodeOld ? { node: true } : {}), ...(isFolder(bide) ? { [bide]: true } : {}) },
  };
}

function isFolder(spec: string): boolean {
  return spec.startsWith('file:') && !spec.endsWith('.tgz');
}

function testedWith({ devDependencies }: OwnPackage, name: string): string {
  return `^${devDependencies[name]}`;
}

function ignore(folder: string): void {
  const path = join(folder, '.gitignore');
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const lines = new Set(text.split('\n').map((line) => line.trim().replace(/^\/|\/$/g, '')));
  const missing = IGNORED.filter((line) => !lines.has(line.replace(/\/$/, '')));
  const start = text === '' || text.endsWith('\n') ? '' : '\n';
  appendFileSync(path, `${start}${missing.map((line) => `${line}\n`).join('')}`);
}

function drawnKey(): string {
  return keyOf(randomBytes(KEY_ID_BYTES).toString('hex'), randomBytes(KEY_SECRET_BYTES).toString('hex'));
}

/** What npm takes as a name, as close to the folder's as can be. */
function packageName(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '')
    .slice(0, 100);
  return name === '' ? 'jobs' : name;
}
