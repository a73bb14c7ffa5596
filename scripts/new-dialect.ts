/**
 * `npm run new:dialect -- NAME "Title"`: makes the folder of a new dialect, which already passes all of the suite that needs no knowledge of
 * the vendor, and adds it to the list of dialects.
 *
 * It reads and waits for jobs in Bide's own words; from there on, `wire.ts` and `mapping.ts` are changed to the vendor's.
 */
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const TEMPLATE = join(ROOT, 'scripts', 'new-dialect', 'template');
const DIALECTS = join(ROOT, 'src', 'dialects');

function main([name, title]: readonly string[]): void {
  if (name === undefined || !/^[a-z][a-z0-9]{1,39}$/.test(name)) {
    fail('Usage: npm run new:dialect -- NAME ["Title"], with a NAME of lower-case letters and digits.');
  }
  const folder = join(DIALECTS, name);
  if (existsSync(folder)) fail(`There is already a dialect in ${folder}.`);
  for (const path of globSync('**/*.txt', { cwd: TEMPLATE }).sort()) {
    const target = join(folder, path.replace(/\.txt$/, '').replace('NAME', name));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, filled(readFileSync(join(TEMPLATE, path), 'utf8'), name, title ?? capitalised(name)));
    console.log(`made ${target.slice(ROOT.length)}`);
  }
  const index = join(DIALECTS, 'index.ts');
  writeFileSync(index, listed(readFileSync(index, 'utf8'), name));
  console.log(`added it to ${index.slice(ROOT.length)}
Next: GOLDEN=write node --test src/dialects/${name}/*.test.ts   writes golden answers
      node --test src/dialects/${name}/*.test.ts                runs the suite
      npx biome check --write src/dialects`);
}

function filled(text: string, name: string, title: string): string {
  return text
    .replaceAll('__NAME__', name)
    .replaceAll('__ID__', name)
    .replaceAll('__TYPE__', capitalised(name))
    .replaceAll('__TITLE__', title);
}

/** The list of dialects with one more, whatever else was written there. */
function listed(text: string, name: string): string {
  const imported = text.replace(
    /(import type \{ Dialect \} from '\.\.\/http\/dialect\.ts';\n)/,
    `$1import { ${name} } from './${name}/index.ts';\n`,
  );
  const added = imported.replace(/(\n\];\s*)$/, `\n  anyOptions(${name}),$1`);
  if (imported === text || added === imported)
    fail('src/dialects/index.ts has an unexpected form: add the dialect by hand.');
  return added;
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

main(process.argv.slice(2));
