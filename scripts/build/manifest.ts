/**
 * The exports of package.json point at the sources, so that in a checkout `bide` is the code that one is editing; only compilers
 * of others who install the checkout by its path are led to declarations (`scripts/prepare.js` makes them), since the sources are checked
 * under our own settings. The packed package has built files instead: `--packed` (before npm packs) points them there, `--checkout`
 * (after it) back.
 *
 * A condition for running the sources was rejected: every process that imports a config would need a flag, worker threads included.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../run/step.ts';

type Target = string | Readonly<Record<string, string>>;
type Exports = Readonly<Record<string, Target>>;

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

function mapped(exports: Exports, change: (target: Target) => Target): Exports {
  return Object.fromEntries(Object.entries(exports).map(([name, target]) => [name, change(target)]));
}

if (import.meta.main) {
  const path = join(ROOT, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as { exports: Exports };
  const change = process.argv.includes('--packed') ? packedExports : checkoutExports;
  writeFileSync(path, `${JSON.stringify({ ...manifest, exports: change(manifest.exports) }, null, 2)}\n`);
}
