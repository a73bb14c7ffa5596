/**
 * The modules of a project as they were at one moment, so that a config can be loaded again beside its older self.
 *
 * Node keeps each module for ever, by its URL. A module of a snapshot has the snapshot's number in its URL, and so has every file of the project
 * that it imports; packages and Bide itself are shared. What was read is kept as text: a handler thread that starts later runs the same code,
 * whatever has become of the files. The old modules of the main thread stay in its memory, since Node frees none; threads take theirs along.
 */
// As a whole: Node 20 has no `registerHooks`, and must get as far as `require-node.ts`, which says what to do.
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

export interface ModuleSource {
  readonly format: string;
  readonly text: string;
}

export interface ModuleSnapshot {
  readonly number: number;
  /** By plain URL; grows while modules are loaded. */
  readonly sources: Map<string, ModuleSource>;
}

const MARK = 'bide-dev';
/** Where Bide itself is: `src/` or `dist/`. */
const OWN = new URL('..', import.meta.url).href;
const snapshots = new Map<number, ModuleSnapshot>();
let isRegistered = false;

/** From now on modules with its number are of this snapshot, in this thread. */
export function openSnapshot(snapshot: ModuleSnapshot): void {
  snapshots.set(snapshot.number, snapshot);
  if (isRegistered) return;
  isRegistered = true;
  nodeModule.registerHooks({
    resolve(specifier, context, nextResolve) {
      const found = nextResolve(specifier, context);
      const number = numberIn(context.parentURL);
      return number === null || !isOfProject(found.url) ? found : { ...found, url: inSnapshot(found.url, number) };
    },
    load(url, context, nextLoad) {
      const snapshot = snapshots.get(numberIn(url) ?? -1);
      if (snapshot === undefined) return nextLoad(url, context);
      const known = snapshot.sources.get(plain(url));
      if (known !== undefined) return { format: known.format, source: known.text, shortCircuit: true };
      const loaded = nextLoad(url, context);
      if (loaded.source != null) {
        const text =
          typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source as Uint8Array).toString();
        snapshot.sources.set(plain(url), { format: loaded.format ?? 'module', text });
      }
      return loaded;
    },
  });
}

/** Its texts are no longer needed. */
export function closeSnapshot({ number }: ModuleSnapshot): void {
  snapshots.delete(number);
}

export function inSnapshot(url: string, number: number): string {
  const marked = new URL(url);
  marked.searchParams.set(MARK, String(number));
  return marked.href;
}

/** Paths of its files. */
export function filesOf({ sources }: ModuleSnapshot): readonly string[] {
  return [...sources.keys()].map((url) => fileURLToPath(url));
}

function plain(url: string): string {
  const without = new URL(url);
  without.searchParams.delete(MARK);
  return without.href;
}

function numberIn(url: string | undefined): number | null {
  if (url === undefined || !url.startsWith('file:') || !url.includes(MARK)) return null;
  const number = new URL(url).searchParams.get(MARK);
  return number === null ? null : Number(number);
}

function isOfProject(url: string): boolean {
  return url.startsWith('file:') && !url.includes('/node_modules/') && !url.startsWith(OWN);
}
