/** The last stage of a Dockerfile as data, and its layers as a folder: what it copies, without what the ignore file leaves out. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ROOT } from '../tidy/tree.ts';

export interface Image {
  readonly text: string;
  readonly stages: readonly string[];
  /** Of the last stage, in order, with continued lines joined. */
  readonly steps: readonly { readonly word: string; readonly rest: string }[];
  all(word: string): readonly string[];
  last(word: string): string;
  /** The JSON form, which starts no shell. */
  list(word: string): readonly string[];
}

export function readImage(path: string): Image {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const lines = text
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ')
    .split('\n');
  const steps = lines.flatMap((line) => {
    const [, word = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? [];
    return word === '' ? [] : [{ word, rest: rest.replaceAll(/\s+/g, ' ') }];
  });
  const stages = steps.filter(({ word }) => word === 'FROM').map(({ rest }) => rest);
  const final = steps.slice(steps.findLastIndex(({ word }) => word === 'FROM'));
  const all = (word: string) => final.filter((step) => step.word === word).map(({ rest }) => rest);
  const last = (word: string) => all(word).at(-1) ?? '';
  return {
    text,
    stages,
    steps: final,
    all,
    last,
    list: (word) => JSON.parse(/\[.*\]$/.exec(last(word))?.[0] ?? '[]') as string[],
  };
}

/** Puts what `image` copies into `folder`, and beside it the packages that `npm ci --omit=dev` would have installed. */
export function layOut(image: Image, folder: string): void {
  for (const rest of image.all('COPY')) {
    const [, from = '', to = ''] = /^(?:--from=dependencies )?(\S+) (\S+)$/.exec(rest) ?? [];
    const place = join(folder, to);
    mkdirSync(dirname(place), { recursive: true });
    if (rest.startsWith('--from')) copyPackages(place);
    else cpSync(join(ROOT, from), place, { recursive: true, filter: (path) => !isIgnored(path) });
  }
}

/** As `Dockerfile.dockerignore` says with its patterns for any folder. */
function isIgnored(path: string): boolean {
  const patterns = readFileSync(join(ROOT, 'deploy/Dockerfile.dockerignore'), 'utf8').split('\n');
  return patterns.some((pattern) => {
    const name = /^\*\*\/(.+)$/.exec(pattern)?.[1];
    if (name === undefined) return false;
    return name.startsWith('*') ? basename(path).endsWith(name.slice(1)) : basename(path) === name;
  });
}

interface Locked {
  readonly dev?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
}

/** What is installed in production, by its place. */
export function productionPackages(): readonly (readonly [string, Locked])[] {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>;
  };
  return Object.entries(lock.packages).filter(([place, { dev }]) => place !== '' && dev !== true);
}

/** By hard links where that goes: DuckDB alone has 70 MB. */
function copyPackages(place: string): void {
  for (const [path] of productionPackages()) {
    const [, name = ''] = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path) ?? [];
    if (name === '') continue;
    const from = join(ROOT, path);
    const to = join(place, name);
    mkdirSync(dirname(to), { recursive: true });
    // Packages of other platforms are not there.
    execFileSync('sh', [
      '-c',
      '[ ! -d "$0" ] || cp -rlL "$0" "$1" 2>/dev/null || { rm -rf "$1" && cp -rL "$0" "$1"; }',
      from,
      to,
    ]);
  }
}
