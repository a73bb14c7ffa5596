/**
 * Which test files share a process. A process that loads the server takes half a second of CPU before its first test, and most files
 * take less than that for all of their tests.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Family {
  readonly files: RegExp;
  /** What they use that closes something at the end of the process. */
  readonly shared: readonly string[];
}

const POOL = ['test/engine/store-pool.ts'];

/** Files that start no program, measure no memory, and leave the process as it was. */
const FAMILIES: readonly Family[] = [
  { files: /^src\/core\//, shared: [] },
  { files: /^src\/(client|config|net|app|playground|store\/postgres)\//, shared: [] },
  { files: /^src\/cli\//, shared: [] },
  { files: /^src\/engine\//, shared: POOL },
  { files: /^src\/(dialects|http)\//, shared: POOL },
  { files: /^test\/http\//, shared: POOL },
];
/** Enough to share what is loaded, few enough to keep all cores busy to the end. */
const FILES_MAX = 12;

export interface Bundle {
  readonly shared: readonly string[];
  readonly files: readonly [string, ...string[]];
}

/** In the order of their first files; one that stays alone is a bundle of its own. */
export function bundlesOf(files: readonly string[]): readonly Bundle[] {
  const bundles: Bundle[] = [];
  const open = new Map<Family, [string, ...string[]]>();
  for (const file of files) {
    const family = FAMILIES.find((one) => one.files.test(file));
    const bundle = family === undefined ? undefined : open.get(family);
    if (bundle !== undefined && bundle.length < FILES_MAX) {
      bundle.push(file);
      continue;
    }
    const made: [string, ...string[]] = [file];
    bundles.push({ shared: family?.shared ?? [], files: made });
    if (family !== undefined) open.set(family, made);
  }
  return bundles;
}

/** What Node's runner is given: the file itself, or one that loads a bundle. The latter are gone with this process. */
export function entriesOf(bundles: readonly Bundle[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'bide-bundles-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const loader = pathToFileURL(join(import.meta.dirname, 'load-together.ts')).href;
  return bundles.map((bundle, index) => {
    if (bundle.files.length === 1) return bundle.files[0];
    const entry = join(folder, `${index}.test.mjs`);
    writeFileSync(entry, `import { loadTogether } from '${loader}';\nloadTogether(${JSON.stringify(bundle)});\n`);
    return entry;
  });
}
