/** The house keeps itself: rules of style and layering as tests, and each rule tried on code that breaks it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { layerOf } from './tidy/layers.ts';
import { type Module, parseModules } from './tidy/parse.ts';
import { RATCHET } from './tidy/ratchet.ts';
import { RULES } from './tidy/rules.ts';
import { readTree } from './tidy/tree.ts';

const MODULES = parseModules(readTree('*.ts', '*.js', '*.mjs'));

describe('the repository', () => {
  test('is seen whole: modules of every layer, their imports and their functions', () => {
    const sources = MODULES.filter(({ path }) => path.startsWith('src/'));
    assert.ok(sources.length >= 50, `${sources.length} modules`);
    const layers = new Set(sources.map(({ path }) => layerOf(path)?.name));
    for (const name of ['core', 'store', 'engine', 'handlers', 'http', 'dialects', 'client', 'cli'])
      assert.ok(layers.has(name), name);
    assert.ok(sources.flatMap(({ imports }) => imports).length >= 200);
    assert.ok(sources.flatMap(({ functions }) => functions).length >= 500);
  });

  for (const { name, complaints } of RULES) {
    test(name, () => {
      const found = complaints(MODULES);
      assert.equal(found.length, 0, `\n${found.join('\n')}\n`);
    });
  }

  test('has no entry in the ratchet that is not needed any more', () => {
    for (const [path, lines] of Object.entries(RATCHET.files)) {
      assert.equal(MODULES.find((module) => module.path === path)?.lines, lines, path);
    }
    for (const [place, lines] of Object.entries(RATCHET.functions)) {
      const [path, name] = place.split(' ');
      const longest = MODULES.filter((module) => module.path === path).flatMap(({ functions }) =>
        functions.filter((fact) => fact.name === name).map((fact) => fact.ownLines),
      );
      assert.equal(Math.max(...longest), lines, place);
    }
  });
});

/** Code that breaks one rule each, by the path at which it would stand. */
const BREAKS: readonly { readonly rule: string; readonly path: string; readonly text: string }[] = [
  { rule: 'imports go down', path: 'src/core/a.ts', text: "import { readFile } from 'node:fs';" },
  { rule: 'imports go down', path: 'src/core/a.ts', text: "import type { Store } from '../store/contract.ts';" },
  { rule: 'imports go down', path: 'src/store/sqlite/a.ts', text: "import { b } from '../postgres/b.ts';" },
  { rule: 'imports go down', path: 'src/dialects/immuta/a.ts', text: "export { b } from '../symbl/b.ts';" },
  { rule: 'imports go down', path: 'src/engine/a.ts', text: "const { b } = await import('../http/b.ts');" },
  {
    rule: 'imports go down',
    path: 'src/engine/a.ts',
    text: "const url = new URL('../handlers/b.ts', import.meta.url);",
  },
  { rule: 'imports go down', path: 'src/engine/a.ts', text: "type B = import('../cli/b.ts').B;" },
  {
    rule: 'imports go down',
    path: 'src/handlers/http/a.ts',
    text: "import { createEngine } from '../../engine/engine.ts';",
  },
  { rule: 'imports go down', path: 'src/client/a.ts', text: "import { ERRORS } from '../core/errors.ts';" },
  { rule: 'imports go down', path: 'src/engine/a.ts', text: "import pg from 'pg';" },
  { rule: 'imports go down', path: 'src/stuff/a.ts', text: 'export const a = 1;' },
  { rule: 'imports of the sources', path: 'src/core/a.ts', text: "import type { A } from './a.ts';" },
  { rule: 'core is a function', path: 'src/core/a.ts', text: 'export const a = () => Date.now();' },
  { rule: 'core is a function', path: 'src/core/a.ts', text: 'export const a = () => Math.random();' },
  { rule: 'core is a function', path: 'src/core/a.ts', text: 'export const a = () => console.log(1);' },
  { rule: 'files are short', path: 'src/engine/a.ts', text: 'a();\n'.repeat(401) },
  { rule: 'functions are short', path: 'src/engine/a.ts', text: `const a = () => {\n${'b();\n'.repeat(60)}};` },
  {
    rule: 'functions are short',
    path: 'src/engine/a.ts',
    text: `const a = () => {\n${'const b = () => {\n};\n'.repeat(80)}};`,
  },
  { rule: 'functions take few', path: 'src/engine/a.ts', text: 'function a(b, c, d, e, f) {}' },
  { rule: 'file names say', path: 'src/engine/batch-utils.ts', text: '' },
  { rule: 'file names say', path: 'src/engine/helpers/a.ts', text: '' },
  { rule: 'file names say', path: 'src/engine/batchQueue.ts', text: '' },
  { rule: 'file names say', path: 'src/engine/types.ts', text: '' },
  { rule: 'words are plain', path: 'src/engine/a.ts', text: `// The caller and ${'hi'}s key.` },
  { rule: 'nothing is left', path: 'src/engine/a.ts', text: `// TO${'DO'}: later` },
  { rule: 'the compiler is never', path: 'src/engine/a.ts', text: `// @ts-${'ignore'}` },
  { rule: 'the compiler is never', path: 'src/engine/a.ts', text: 'const a = b as any;' },
  {
    rule: 'the compiler is never',
    path: 'src/engine/a.ts',
    text: `// @ts-${'expect-error'} Because it does not compile.`,
  },
  { rule: 'the compiler is never', path: 'bench/a.ts', text: `// @ts-${'expect-error'} no` },
  { rule: 'the compiler is never', path: 'src/engine/a.ts', text: `// biome-${'ignore'} lint/a/b: no` },
  { rule: 'exports have names', path: 'src/engine/a.ts', text: 'export default 1;' },
  { rule: 'exports have names', path: 'src/engine/a.ts', text: 'export default function a() {}' },
  { rule: 'tests do not sleep', path: 'src/engine/a.test.ts', text: 'setTimeout(done, 50);' },
  {
    rule: 'tests do not sleep',
    path: 'test/e2e/a.ts',
    text: "import { scheduler } from 'node:timers/promises';",
  },
  { rule: 'no test is skipped', path: 'src/engine/a.test.ts', text: 'test.skip("a", () => {});' },
  { rule: 'no test is skipped', path: 'src/engine/a.test.ts', text: 'test("a", { skip: true }, () => {});' },
  { rule: 'no test is skipped', path: 'src/engine/a.test.ts', text: 'test("a", (t) => t.skip());' },
  { rule: 'every file says', path: 'src/engine/a.ts', text: 'export const a = 1;' },
];

/** Code that comes close to breaking a rule and does not. */
const KEEPS: readonly { readonly path: string; readonly text: string }[] = [
  {
    path: 'src/engine/a.ts',
    text: "/** A. */\nimport type { Store } from '../store/contract.ts';\n// import { b } from '../http/b.ts';",
  },
  {
    path: 'src/client/job-types.ts',
    text: "/** B. */\nimport type { Job } from '../core/job.ts';\nconst text = \"import x from 'pg'\";",
  },
  {
    path: 'src/engine/c.ts',
    text: '/** Date, TODO(#12) and console are words here, and as any other. */\nexport const c = { skip: 1, default: 2, setTimeout: 3 };',
  },
  {
    path: 'src/engine/d.test.ts',
    text: 'test("a", { timeout: 5_000 }, async () => { await once(child, "exit"); only({ skip: 2 }); });',
  },
  {
    path: 'src/core/e.ts',
    text: '/** E. */\nexport const at = (clock: { Date: number }) => clock.Date;\nswitch (1) { default: break; }',
  },
];

describe('the rules', () => {
  const broken = parseModules(new Map(BREAKS.map(({ path, text }, index) => [numbered(path, index), text])));
  for (const [index, { rule, path, text }] of BREAKS.entries()) {
    test(`"${rule}" complains about ${path}: ${text.split('\n')[0]?.slice(0, 60)} (${index})`, () => {
      const { complaints } = RULES.find(({ name }) => name.startsWith(rule)) ?? assert.fail(rule);
      assert.equal(complaints(broken.slice(index, index + 1).map((module) => ({ ...module, path }))).length, 1);
    });
  }

  test('complain about nothing that only looks like a breach', () => {
    const kept: Module[] = parseModules(new Map(KEEPS.map(({ path, text }) => [path, text])));
    assert.deepEqual(
      RULES.flatMap(({ complaints }) => complaints(kept)),
      [],
    );
  });

  test('each have code that breaks them', () => {
    const untried = RULES.filter(({ name }) => !BREAKS.some(({ rule }) => name.startsWith(rule)));
    assert.deepEqual(
      untried.map(({ name }) => name),
      [],
    );
  });
});

/** Several samples stand at the same path; a folder of its own keeps each apart while it is parsed. */
function numbered(path: string, index: number): string {
  return `${index}/${path}`;
}
