/**
 * The layers of `src/` as data: who may import whom, and which packages belong where. ARCHITECTURE.md shows the same matrix to
 * people. The arrows go down only, and siblings never meet; a folder that is not in the table is an error.
 */
import { posix } from 'node:path';
import type { Import, Module } from './parse.ts';

export interface Layer {
  readonly name: string;
  /** Files and folders (those end in a slash) that make it up. The longest match of a path decides its layer. */
  readonly at: readonly string[];
  /** Files and folders that it may import, its own aside. */
  readonly may: readonly string[];
  /** Files and folders of which it may import types only. */
  readonly mayTypes?: readonly string[];
  /** Imports no package and nothing of Node: it runs anywhere. */
  readonly isPure?: boolean;
}

const DIALECT_BASE = [
  'src/core/',
  'src/disk/',
  'src/engine/api.ts',
  'src/engine/clock.ts',
  'src/http/dialect.ts',
  'src/http/answers.ts',
  'src/http/caller.ts',
  'src/http/hold.ts',
  'src/http/job-tokens.ts',
  'src/http/session.ts',
  'src/http/shares.ts',
  'src/http/turns.ts',
];

export const LAYERS: readonly Layer[] = [
  { name: 'core', at: ['src/core/'], may: [], isPure: true },
  { name: 'disk', at: ['src/disk/'], may: ['src/core/'] },
  { name: 'net', at: ['src/net/'], may: [] },
  { name: 'trace', at: ['src/trace/'], may: ['src/core/'], isPure: true },
  { name: 'store', at: ['src/store/'], may: ['src/core/', 'src/disk/'] },
  { name: 'engine', at: ['src/engine/'], may: ['src/core/', 'src/net/', 'src/trace/', 'src/store/contract.ts'] },
  {
    name: 'handlers',
    at: ['src/handlers/'],
    may: [
      ...['src/core/', 'src/disk/', 'src/net/', 'src/trace/'],
      ...['src/engine/api.ts', 'src/engine/clock.ts', 'src/engine/json-check.ts'],
    ],
  },
  {
    name: 'config',
    at: ['src/config/'],
    may: ['src/core/', 'src/engine/api.ts', 'src/engine/clock.ts', 'src/handlers/'],
  },
  {
    name: 'http',
    at: ['src/http/'],
    may: ['src/core/', 'src/disk/', 'src/engine/'],
    mayTypes: ['src/store/contract.ts'],
  },
  { name: 'dialects', at: ['src/dialects/'], may: DIALECT_BASE },
  {
    name: 'dashboard',
    at: ['src/dashboard/'],
    may: ['src/core/', 'src/net/', 'src/engine/clock.ts', 'src/http/dialect.ts', 'src/http/session.ts'],
  },
  {
    name: 'client',
    at: ['src/client/'],
    may: [
      'src/trace/',
      'src/core/trace-context.ts',
      'src/core/json-problem.ts',
      'src/core/returned-value.ts',
      'src/core/retry-later.ts',
      'src/core/run-through.ts',
      'src/core/webhooks/signature.ts',
    ],
    mayTypes: ['src/core/'],
    isPure: true,
  },
  {
    name: 'cli',
    at: ['src/cli/', 'bin/'],
    may: ['src/core/', 'src/disk/', 'src/client/', 'src/config/', 'src/app.ts'],
  },
  {
    name: 'app',
    at: ['src/app.ts', 'src/app/', 'src/index.ts', 'src/require-node.ts', 'src/playground.ts', 'src/playground/'],
    may: ['src/'],
  },
  { name: 'testing', at: ['src/testing/'], may: ['src/'] },
];

/** Folders of which each child stands alone: whoever needs two of them writes the shared part one level up. */
export const SIBLINGS: readonly { readonly folder: string; readonly children?: readonly string[] }[] = [
  { folder: 'src/dialects/' },
  { folder: 'src/store/', children: ['sqlite', 'postgres'] },
];

/** What only some layers may reach for. A package that is not named here is free to all that are not pure. */
export const PACKAGES: readonly { readonly name: RegExp; readonly at: readonly string[]; readonly because: string }[] =
  [
    {
      name: /^node:sqlite$/,
      at: ['src/store/sqlite/'],
      because: 'SQL of an engine stays in the folder of that engine',
    },
    { name: /^pg(-|$)/, at: ['src/store/postgres/'], because: 'SQL of an engine stays in the folder of that engine' },
    {
      name: /^@duckdb\//,
      at: ['src/handlers/sql/'],
      because: 'it is optional, and callers get at it through jobs only',
    },
    { name: /^(avsc|hysnappy)$/, at: ['src/dialects/kinetica/'], because: 'one vendor speaks it' },
    {
      name: /^@?fastify/,
      at: ['src/http/', 'src/dialects/', 'src/dashboard/', 'src/app.ts', 'src/app/', 'src/index.ts', 'src/testing/'],
      because: 'the engine, the handlers and the client know nothing of HTTP servers',
    },
    {
      name: /^node:child_process$/,
      at: ['src/handlers/command/', 'src/handlers/sql/', 'src/cli/', 'bin/'],
      because: 'only configured programs ever run',
    },
  ];

/** What `core` must not even mention: it is a function of its arguments. */
export const IMPURE = [
  'Date',
  'Math.random',
  'process',
  'console',
  'globalThis',
  'performance',
  'crypto',
  'fetch',
  'setTimeout',
  'setInterval',
];

/** Tests of a layer may stand a store or an engine under it; they still may not mix siblings. */
function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || path.includes('/contract-suite/') || path.endsWith('contract-suite.ts');
}

export function layerOf(path: string): Layer | null {
  const matches = LAYERS.flatMap((layer) => layer.at.filter((at) => isWithin(path, at)).map((at) => ({ layer, at })));
  matches.sort((a, b) => b.at.length - a.at.length);
  return matches[0]?.layer ?? null;
}

/** One sentence per import that goes where it may not. */
export function layerComplaints(modules: readonly Module[]): string[] {
  return modules
    .filter(({ path }) => path.startsWith('src/') || path.startsWith('bin/'))
    .flatMap((module) => {
      const layer = layerOf(module.path);
      if (layer === null) return [`${module.path} belongs to no layer: add its folder to test/tidy/layers.ts`];
      return module.imports.flatMap((imported) => {
        const complaint = complaintOf(module.path, layer, imported);
        return complaint === null ? [] : [`${module.path}:${imported.line} ${complaint}`];
      });
    });
}

function complaintOf(path: string, layer: Layer, imported: Import): string | null {
  const isRelative = imported.specifier.startsWith('.');
  if (!isRelative) return packageComplaint(path, layer, imported);
  const target = posix.join(posix.dirname(path), imported.specifier);
  const siblings = siblingComplaint(path, target);
  if (siblings !== null) return siblings;
  if (isTest(path) || layer.at.some((at) => isWithin(target, at))) return null;
  if (layer.may.some((may) => isWithin(target, may))) return null;
  const isTypeAllowed = layer.mayTypes?.some((may) => isWithin(target, may)) ?? false;
  if (isTypeAllowed && imported.isType) return null;
  return `imports ${target}${isTypeAllowed ? ' for more than its types' : ''}: ${layer.name} must not`;
}

function siblingComplaint(path: string, target: string): string | null {
  for (const { folder, children } of SIBLINGS) {
    const [own, other] = [path, target].map((file) => childOf(file, folder));
    const meets = own != null && other != null && own !== other;
    const isListed = children === undefined || (children.includes(own ?? '') && children.includes(other ?? ''));
    const isShared = own === 'contract-suite' || other === 'contract-suite';
    if (meets && isListed && !isShared) return `imports ${target}: ${own} and ${other} are siblings and never meet`;
  }
  return null;
}

/** The name of the subfolder of `folder` that holds the file, null where there is none. */
function childOf(path: string, folder: string): string | null {
  if (!path.startsWith(folder)) return null;
  const rest = path.slice(folder.length);
  return rest.includes('/') ? rest.slice(0, rest.indexOf('/')) : null;
}

function packageComplaint(path: string, layer: Layer, { specifier, isType }: Import): string | null {
  if (isTest(path)) return null;
  if (layer.isPure === true) return `imports ${specifier}: ${layer.name} imports no package and nothing of Node`;
  const rule = PACKAGES.find(({ name }) => name.test(specifier));
  if (rule === undefined || isType || rule.at.some((at) => isWithin(path, at))) return null;
  return `imports ${specifier}, which belongs to ${rule.at.join(', ')}: ${rule.because}`;
}

function isWithin(path: string, place: string): boolean {
  return place.endsWith('/') ? path.startsWith(place) : path === place;
}
