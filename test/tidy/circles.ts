/** Files that import one another, be it for types only: none of them can be read, moved or tested alone. */
import { posix } from 'node:path';
import type { Module } from './parse.ts';

/** One sentence per file that can be reached from itself, with the way. Tests aside, which nothing imports. */
export function circleComplaints(modules: readonly Module[]): string[] {
  const sources = modules.filter(({ path }) => path.startsWith('src/'));
  const targets = new Map(
    sources.map(({ path, imports }) => [path, imports.map(({ specifier }) => at(path, specifier))]),
  );
  return [...targets.keys()].flatMap((path) => {
    const way = wayBack(path, targets);
    return way === null ? [] : [`${path} imports itself, by way of ${way.join(', ')}`];
  });
}

function at(path: string, specifier: string): string {
  return specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier;
}

/** The files between `start` and itself on the shortest way; null where no import leads back. */
function wayBack(start: string, targets: ReadonlyMap<string, readonly string[]>): readonly string[] | null {
  const ways = new Map<string, readonly string[]>([[start, []]]);
  for (const [path, way] of ways) {
    for (const target of targets.get(path) ?? []) {
      if (target === start) return way;
      if (!ways.has(target)) ways.set(target, [...way, target]);
    }
  }
  return null;
}
