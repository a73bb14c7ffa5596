/**
 * The exports of package.json point at the sources, so that in a checkout `bide` is the code that one is editing. The packed
 * package has built files instead: `--packed` (before npm packs) points them there, `--checkout` (after it) back.
 *
 * Conditions in `exports` were rejected: every process that imports a config would need a flag, worker threads included.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../run/step.ts';

type Target = string | { readonly types: string; readonly default: string };
type Exports = Readonly<Record<string, Target>>;

export function packedExports(exports: Exports): Exports {
  return mapped(exports, (target) => {
    const built = /^\.\/src\/(.*)\.ts$/.exec(typeof target === 'string' ? target : '')?.[1];
    return built === undefined ? target : { types: `./dist/${built}.d.ts`, default: `./dist/${built}.js` };
  });
}

export function checkoutExports(exports: Exports): Exports {
  return mapped(exports, (target) => {
    const built = /^\.\/dist\/(.*)\.js$/.exec(typeof target === 'string' ? '' : target.default)?.[1];
    return built === undefined ? target : `./src/${built}.ts`;
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
