/**
 * The modules of a project as they were at one moment, so that a config can be loaded again beside its older self.
 *
 * Node keeps each module for ever, by its URL. A module of a snapshot has the snapshot's number in its URL, and so has every file of the project
 * that it imports; packages and Bide itself are shared. What was read is kept as text: a handler thread that starts later runs the same code,
 * whatever has become of the files. The old modules of the main thread stay in its memory, since Node frees none; threads take theirs along.
 */
import { readFileSync } from 'node:fs';
// As a whole: Node 20 has no `registerHooks`, and must get as far as `require-node.ts`, which says what to do.
import * as nodeModule from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface ModuleSource {
  readonly format: string;
  readonly text: string;
}

export interface ModuleSnapshot {
  readonly number: number;
  /** By plain URL; grows while modules are loaded. */
  readonly sources: Map<string, ModuleSource>;
  /** Paths of what was looked for and is not there. */
  readonly missing: Set<string>;
}

const MARK = 'bide-dev';
/** Where Bide itself is: `src/` or `dist/`. */
const OWN = new URL('..', import.meta.url).href;
/** Formats of modules that are text: not WebAssembly, nor what Node has built in. */
const TEXTS = /^(?:module|commonjs|json)/;
const snapshots = new Map<number, ModuleSnapshot>();
let latest: ModuleSnapshot | undefined;
let isRegistered = false;

/** From now on modules with its number are of this snapshot, in this thread. */
export function openSnapshot(snapshot: ModuleSnapshot): void {
  snapshots.set(snapshot.number, snapshot);
  latest = snapshot;
  forgetCommonJs();
  if (isRegistered) return;
  isRegistered = true;
  nodeModule.registerHooks({
    resolve(specifier, context, nextResolve) {
      const kept = keptUrl(specifier, context.parentURL);
      if (kept !== null) return { url: kept, shortCircuit: true };
      const number = numberIn(context.parentURL);
      const found = number === null ? nextResolve(specifier, context) : noted(number, specifier, context, nextResolve);
      return number === null || !isOfProject(found.url) ? found : { ...found, url: inSnapshot(found.url, number) };
    },
    load(url, context, nextLoad) {
      const number = numberIn(url);
      const snapshot = number === null ? required(url) : snapshots.get(number);
      const known = number === null ? undefined : snapshot?.sources.get(plain(url));
      if (known !== undefined) return { format: known.format, source: known.text, shortCircuit: true };
      const loaded = nextLoad(url, context);
      const { format = null, source = null } = loaded;
      if (snapshot !== undefined && TEXTS.test(format ?? 'commonjs')) {
        // CommonJS may come without one.
        const text = source === null ? readFileSync(fileURLToPath(url), 'utf8') : Buffer.from(source as Uint8Array);
        snapshot.sources.set(plain(url), { format: format ?? 'commonjs', text: text.toString() });
      }
      return loaded;
    },
  });
}

/** What CommonJS requires has no number in its URL: it is loaded anew because it was forgotten, by the snapshot that was opened last. */
function required(url: string): ModuleSnapshot | undefined {
  return isOfProject(url) ? latest : undefined;
}

function forgetCommonJs(): void {
  const { cache } = nodeModule.createRequire(import.meta.url);
  for (const path of Object.keys(cache)) if (isOfProject(pathToFileURL(path).href)) delete cache[path];
}

/** Its texts are no longer needed. */
export function closeSnapshot({ number }: ModuleSnapshot): void {
  if (latest?.number === number) latest = undefined;
  snapshots.delete(number);
}

export function inSnapshot(url: string, number: number): string {
  const marked = new URL(url);
  marked.searchParams.set(MARK, String(number));
  return marked.href;
}

export function emptySnapshot(number: number): ModuleSnapshot {
  return { number, sources: new Map(), missing: new Set() };
}

/** Its files, and with null those that are not there. */
export function filesOf({ sources, missing }: ModuleSnapshot): readonly { path: string; text: string | null }[] {
  return [
    ...[...sources].map(([url, { text }]) => ({ path: fileURLToPath(url), text })),
    ...[...missing].map((path) => ({ path, text: null })),
  ];
}

/** Of a module that was read: it may be gone, and is the same all the same. */
function keptUrl(specifier: string, parentUrl: string | undefined): string | null {
  if (!/^(?:\.{0,2}\/|file:)/.test(specifier) || !URL.canParse(specifier, parentUrl)) return null;
  const { href } = new URL(specifier, parentUrl);
  const number = numberIn(href) ?? numberIn(parentUrl);
  return number !== null && snapshots.get(number)?.sources.has(plain(href)) === true ? inSnapshot(href, number) : null;
}

/** What is not there is noted: whoever watches knows then when it has come. */
function noted(number: number, ...[specifier, context, nextResolve]: Parameters<nodeModule.ResolveHookSync>) {
  try {
    return nextResolve(specifier, context);
  } catch (error) {
    if (specifier.startsWith('.') && context.parentURL !== undefined)
      snapshots.get(number)?.missing.add(fileURLToPath(new URL(specifier, context.parentURL)));
    throw error;
  }
}

function plain(url: string): string {
  const without = new URL(url);
  without.searchParams.delete(MARK);
  return without.href;
}

/** Whether code of a snapshot was on the way when this was thrown. */
export function isOfSnapshot(error: unknown): boolean {
  return error instanceof Error && (error.stack ?? '').includes(`?${MARK}=`);
}

function numberIn(url: string | undefined): number | null {
  if (url === undefined || !url.startsWith('file:') || !url.includes(MARK)) return null;
  const number = new URL(url).searchParams.get(MARK);
  return number === null ? null : Number(number);
}

function isOfProject(url: string): boolean {
  return url.startsWith('file:') && !url.includes('/node_modules/') && !url.startsWith(OWN);
}
