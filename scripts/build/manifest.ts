/**
 * The exports of package.json point at the sources, so that in a checkout `bide` is the code that one is editing; only compilers
 * of others who install the checkout by its path are led to declarations (`scripts/prepare.js` makes them), since the sources are checked
 * under our own settings. The packed package has built files instead: `--packed` (before npm packs) points them there, `--checkout`
 * (after it) back. Its `prepare` goes by another name meanwhile: npm warns everybody who installs a tarball of a script that it might run, and this
 * one is not even packed.
 *
 * A condition for running the sources was rejected: every process that imports a config would need a flag, worker threads included.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../run/step.ts';

type Target = string | Readonly<Record<string, string>>;
type Exports = Readonly<Record<string, Target>>;
type Scripts = Readonly<Record<string, string>>;

/** The condition under which this checkout's own compiler takes the sources rather than declarations that may be old. */
const SOURCE = 'bide-source';

export function packedExports(exports: Exports): Exports {
  return mapped(exports, (target) => {
    const built = /^\.\/src\/(.*)\.ts$/.exec(typeof target === 'string' ? '' : (target.default ?? ''))?.[1];
    return built === undefined ? target : { types: `./dist/${built}.d.ts`, default: `./dist/${built}.js` };
  });
}

export function checkoutExports(exports: Exports): Exports {
  return mapped(exports, (target) => {
    const built = /^\.\/dist\/(.*)\.js$/.exec(typeof target === 'string' ? '' : (target.default ?? ''))?.[1];
    if (built === undefined) return target;
    const source = `./src/${built}.ts`;
    return { [SOURCE]: source, types: `./dist/${built}.d.ts`, default: source };
  });
}

const CHECKOUT_SCRIPT = 'prepare';
const PACKED_SCRIPT = 'prepare:checkout';

/** The order of the scripts stays, so that nothing is left to commit. */
function renamedScript(scripts: Scripts, from: string, to: string): Scripts {
  return Object.fromEntries(Object.entries(scripts).map(([name, command]) => [name === from ? to : name, command]));
}

function mapped(exports: Exports, change: (target: Target) => Target): Exports {
  return Object.fromEntries(Object.entries(exports).map(([name, target]) => [name, change(target)]));
}

if (import.meta.main) {
  const path = join(ROOT, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as { exports: Exports; scripts: Scripts };
  const isPacked = process.argv.includes('--packed');
  const exports = isPacked ? packedExports(manifest.exports) : checkoutExports(manifest.exports);
  const scripts = isPacked
    ? renamedScript(manifest.scripts, CHECKOUT_SCRIPT, PACKED_SCRIPT)
    : renamedScript(manifest.scripts, PACKED_SCRIPT, CHECKOUT_SCRIPT);
  writeFileSync(path, `${JSON.stringify({ ...manifest, exports, scripts }, null, 2)}\n`);
}
