/**
 * `npm run build`: the sources as plain JavaScript with declarations, in `dist/`, for the published package: Node strips no types
 * below `node_modules`. What is no module (pages, styles, scripts of the dashboard) is copied beside it. Ends by looking whether
 * every file that a built module names is there, so that a package with a hole is never packed.
 */
import { cpSync, existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { localProgram, ROOT, runStep } from './run/step.ts';

const DIST = join(ROOT, 'dist');
/** Belong to tests and to people who read the sources. */
const UNSHIPPED = /(\.ts|\.md|\.snapshot\.txt)$|(^|\/)golden\//;

rmSync(DIST, { recursive: true, force: true });
const compiled = await runStep({
  name: 'compile',
  command: localProgram('tsc'),
  args: ['-p', 'tsconfig.build.json'],
  deadlineMs: 120_000,
});
if (!compiled.isOk) fail(compiled.output);

const src = join(ROOT, 'src');
const assets = globSync('**/*', { cwd: src }).filter((path) => extname(path) !== '' && !UNSHIPPED.test(path));
for (const path of assets) cpSync(join(src, path), join(DIST, path), { recursive: true });

const modules = globSync('**/*.js', { cwd: DIST });
const holes = modules.flatMap(missing);
if (holes.length > 0) fail(holes.join('\n'));
console.log(`dist/: ${modules.length} modules, ${assets.length} assets`);

/** What a built module names by a relative path and is not there. */
function missing(path: string): string[] {
  const text = readFileSync(join(DIST, path), 'utf8');
  const named = text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*|new URL\()['"](\.{1,2}\/[^'"]*\.[a-z]+)['"]/g);
  return [...named]
    .map(([, specifier = '']) => specifier)
    .filter((specifier) => !existsSync(join(DIST, dirname(path), specifier)))
    .map((specifier) => `dist/${path} names ${specifier}, which is not there`);
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
