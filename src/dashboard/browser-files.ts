/**
 * The files that a browser needs, read once: the pages, what they need of `bide/client`, and the three libraries, all as plain ES modules.
 *
 * There is no build. In a checkout the client is TypeScript, whose types are taken out as Node takes them out; in the package it is
 * JavaScript. Whole lines of comment stay here: they are a fifth of what a first visit would load. The version of all files together is part of their paths, so that a browser keeps them for good and never mixes two versions.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import { basename, dirname, join, posix, relative, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

export interface BrowserFile {
  readonly contentType: string;
  readonly bytes: Uint8Array;
  readonly zipped: Uint8Array;
}

export interface BrowserFiles {
  /** Of all files together. */
  readonly version: string;
  /** By path below the version. */
  readonly files: ReadonlyMap<string, BrowserFile>;
  /** What modules are called by name -> path. */
  readonly names: Readonly<Record<string, string>>;
  /** The modules that the start needs: all but those of pages which are fetched when somebody goes there. */
  readonly first: readonly string[];
}

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  ts: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
};

const UI = join(import.meta.dirname, 'ui');
const SOURCES = dirname(import.meta.dirname);
const CLIENT = join(SOURCES, 'client', `operating${import.meta.filename.slice(-3)}`);

/** Module names of the libraries -> package and file within. */
const LIBRARIES = {
  preact: ['preact', 'dist/preact.mjs'],
  'preact/hooks': ['preact', 'hooks/dist/hooks.mjs'],
  htm: ['htm', 'dist/htm.module.js'],
  uplot: ['uplot', 'dist/uPlot.iife.min.js'],
} as const;
const CHART_STYLE = ['uplot', 'dist/uPlot.min.css'] as const;

const START = 'ui/main.js';
const FROM = /\bfrom\s{0,4}'([^']{1,200})'/g;
const IMPORT = /\bfrom\s{0,4}'(\.{1,2}\/[^']{1,200})'/g;
const zip = promisify(gzip);

export async function readBrowserFiles(): Promise<BrowserFiles> {
  const texts = new Map([...(await uiTexts()), ...(await clientTexts()), ...(await libraryTexts())]);
  const files = new Map<string, BrowserFile>();
  const hash = createHash('sha256');
  for (const [path, text] of [...texts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(path).update('\0').update(text).update('\0');
    const bytes = Buffer.from(text);
    const contentType = TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
    files.set(path, { contentType, bytes, zipped: await zip(bytes, { level: 9 }) });
  }
  const libraries = Object.entries(LIBRARIES).map(([name, [, file]]) => [name, libraryPath(file)] as const);
  const names = { ...Object.fromEntries(libraries), 'bide/client': `client/${basename(CLIENT)}` };
  return { version: hash.digest('hex').slice(0, 16), files, names, first: neededBy(START, texts, names) };
}

/** With all that they import; `import()` is not followed. */
function neededBy(start: string, texts: ReadonlyMap<string, string>, names: BrowserFiles['names']): readonly string[] {
  const needed = new Set<string>();
  const left = [start];
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    const text = texts.get(path);
    if (text === undefined || needed.has(path)) continue;
    needed.add(path);
    for (const [, target = ''] of text.matchAll(FROM)) {
      left.push(names[target] ?? posix.join(posix.dirname(path), target));
    }
  }
  return [...needed];
}

async function uiTexts(): Promise<[string, string][]> {
  const entries = await readdir(UI, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile() && /\.(?:js|css)$/.test(entry.name));
  return Promise.all(
    paths.map(async ({ parentPath, name }): Promise<[string, string]> => {
      const path = join(parentPath, name);
      const text = await readFile(path, 'utf8');
      return [`ui/${relative(UI, path).split(sep).join('/')}`, path.endsWith('.js') ? withoutComments(text) : text];
    }),
  );
}

/** The client and what it imports, which is the part of `core` that runs anywhere. */
async function clientTexts(): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  const left = [CLIENT];
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    const name = relative(SOURCES, path).split(sep).join('/');
    if (texts.has(name)) continue;
    const source = await readFile(path, 'utf8');
    const text = path.endsWith('.ts') ? withoutTypes(source) : source;
    texts.set(name, withoutComments(text));
    for (const [, target = ''] of text.matchAll(IMPORT)) left.push(resolve(dirname(path), target));
  }
  return texts;
}

/** Without Node's word that this is experimental, which whoever starts a checkout can do nothing about. */
function withoutTypes(source: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
  }
}

async function libraryTexts(): Promise<[string, string][]> {
  const find = createRequire(import.meta.url);
  const read = async (name: string, file: string): Promise<[string, string]> => {
    const text = await readFile(join(packageFolder(find, name), file), 'utf8');
    // Its smallest form is a script; the line makes a module of it.
    return [libraryPath(file), file.includes('.iife.') ? `${text}\nexport default uPlot;\n` : withoutMap(text)];
  };
  return Promise.all([...Object.values(LIBRARIES), CHART_STYLE].map(([name, file]) => read(name, file)));
}

/** Of our own sources, whose comments stand on lines of their own. */
function withoutComments(text: string): string {
  let isComment = false;
  const kept = text.split('\n').filter((line) => {
    const trimmed = line.trim();
    const begins = !isComment && trimmed.startsWith('/**') && trimmed.indexOf('*/') === trimmed.lastIndexOf('*/');
    const isLeft = isComment || (begins && (trimmed.endsWith('*/') || !trimmed.includes('*/')));
    if (isLeft) isComment = !trimmed.endsWith('*/');
    return !isLeft && trimmed !== '' && !trimmed.startsWith('//');
  });
  return kept.join('\n');
}

/** Their maps are not served: a link to one is a request that fails. */
function withoutMap(text: string): string {
  const at = text.lastIndexOf('\n//# sourceMappingURL=');
  return at === -1 ? text : text.slice(0, at + 1);
}

/** By the way to its main file: `package.json` is not among what every package exports. */
function packageFolder(find: NodeJS.Require, name: string): string {
  const main = find.resolve(name);
  const mark = `node_modules/${name}/`;
  const at = main.split(sep).join('/').lastIndexOf(mark);
  return main.slice(0, at + mark.length);
}

function libraryPath(file: string): string {
  return `library/${basename(file).replace(/\.mjs$/, '.js')}`;
}
