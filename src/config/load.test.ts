import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../engine/clock.ts';
import { resultOf, sampleAttempt } from '../handlers/sample-attempt.ts';
import { type LoadedConfig, loadConfig } from './load.ts';

let folder: string;
const loaded: LoadedConfig[] = [];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bide-config-'));
});
after(async () => {
  for (const { jobTypes } of loaded) {
    for (const { handler } of jobTypes) if (handler !== 'remote') await handler.close?.();
  }
  await rm(folder, { recursive: true });
});

async function load(name: string, content: string, functions: 'threads' | 'inline' = 'inline'): Promise<LoadedConfig> {
  await writeFile(join(folder, name), content);
  const config = await loadConfig({ file: name, cwd: folder, clock: systemClock, functions });
  loaded.push(config);
  return config;
}

async function runType(config: LoadedConfig, name: string, input: null | string = null): Promise<unknown> {
  const type = config.jobTypes.find((each) => each.name === name);
  assert.ok(type !== undefined && type.handler !== 'remote');
  return resultOf(await type.handler.run(sampleAttempt(input, { type: name })));
}

function fireAtOnce(_delayMs: number, fire: () => void): () => void {
  const immediate = setImmediate(fire);
  return () => clearImmediate(immediate);
}

describe('loadConfig', () => {
  for (const [name, content] of [
    ['a.ts', 'const n: number = 4;\nexport default { types: { four: (): number => n } };'],
    ['a.mts', 'export default { types: { four: () => 4 as number } };'],
    ['a.mjs', 'export default { types: { four: () => 4 } };'],
  ] as const) {
    for (const functions of ['threads', 'inline'] as const) {
      it(`reads ${name} and runs its functions ${functions === 'inline' ? 'inline' : 'in threads'}`, async () => {
        const config = await load(`${functions}-${name}`, content, functions);
        assert.equal(await runType(config, 'four'), 4);
      });
    }
  }

  it('makes job types with their slots, times and defaults', async () => {
    const config = await load(
      'types.mjs',
      `export default { types: {
        plain: () => 1,
        set: { run: () => 1, slots: 3, timeoutMs: 5, retainMs: 6, retry: { attempts: 7 } },
        left: { kind: 'remote', timeoutMs: 9 },
      }, limits: { slots: 4 } };`,
    );
    const facts = config.jobTypes.map(({ name, slots, defaults, handler }) => ({
      name,
      slots,
      defaults,
      kind: handler === 'remote' ? handler : handler.kind,
    }));
    assert.deepEqual(facts, [
      { name: 'plain', slots: 4, defaults: { timeoutMs: null, retainMs: null, retry: {} }, kind: 'function' },
      { name: 'set', slots: 3, defaults: { timeoutMs: 5, retainMs: 6, retry: { attempts: 7 } }, kind: 'function' },
      { name: 'left', slots: 4, defaults: { timeoutMs: 9, retainMs: null, retry: {} }, kind: 'remote' },
    ]);
    assert.equal(config.file, join(folder, 'types.mjs'));
    assert.equal(config.limits.slots, 4);
  });

  it('hands out the other sections', async () => {
    const config = await load(
      'sections.mjs',
      `export default { types: {}, server: { port: 8080, host: undefined }, dialects: { one: { enabled: false } }, deliveries: { allowPrivateAddresses: true } };`,
    );
    assert.deepEqual(config.server, { port: 8080 });
    assert.deepEqual(config.dialects, { one: { enabled: false } });
    assert.deepEqual(config.deliveries, { allowPrivateAddresses: true });
  });

  it('resolves paths from the folder of the file', async () => {
    await writeFile(join(folder, 'print.sh'), 'printf \'"from here"\'');
    const config = await load(
      'paths.mjs',
      `export default { types: { print: { kind: 'command', program: 'sh', args: ['print.sh'] } } };`,
    );
    assert.equal(await runType(config, 'print'), 'from here');
  });

  it('combines configs: what the file says comes first', async () => {
    await writeFile(
      join(folder, 'mine.mjs'),
      `export default { types: { both: () => 'mine' }, limits: { slots: 3 }, server: { port: 1 } };`,
    );
    const other = {
      types: { both: () => 'other', extra: () => 'extra' },
      limits: { slots: 5, claimMax: 6 },
      server: { port: 2, host: 'h' },
    };
    const config = await loadConfig({
      file: 'mine.mjs',
      cwd: folder,
      clock: systemClock,
      functions: 'inline',
      others: [{ config: other, name: 'the other', baseDir: folder, module: null }],
    });
    assert.equal(await runType(config, 'both'), 'mine');
    assert.equal(await runType(config, 'extra'), 'extra');
    assert.deepEqual([config.limits.slots, config.limits.claimMax], [3, 6]);
    assert.deepEqual(config.server, { port: 1, host: 'h' });
  });

  it('finds bide.config.ts in the working folder, and does without', async () => {
    const empty = await mkdtemp(join(folder, 'empty-'));
    const without = await loadConfig({ cwd: empty, clock: systemClock, functions: 'inline' });
    assert.deepEqual([without.file, without.jobTypes], [null, []]);
    await writeFile(join(empty, 'bide.config.mjs'), 'export default { types: { js: () => 1 } };');
    await writeFile(join(empty, 'bide.config.ts'), 'export default { types: { ts: () => 1 } };');
    const found = await loadConfig({ cwd: empty, clock: systemClock, functions: 'inline' });
    assert.equal(found.file, join(empty, 'bide.config.ts'));
    assert.deepEqual(
      found.jobTypes.map(({ name }) => name),
      ['ts'],
    );
  });

  for (const [name, content, reason] of [
    ['no-default.mjs', 'export const config = {};', /it has no default export; write `export default defineConfig\(/],
    [
      'enum.ts',
      'enum Color { Red }\nexport default { types: {} };',
      /it uses TypeScript that cannot be stripped .*enum.*need another form/,
    ],
    ['syntax.ts', 'export default {\n  types: { x y }\n};', /syntax\.ts:2:14: it has a syntax error: /],
    ['syntax.mjs', 'export default {\n  types: { a: b c }\n};', /syntax\.mjs:2:17: it has a syntax error: /],
    [
      'throws.mjs',
      "\nthrow new Error('no database');",
      /throws\.mjs:2:7: it threw an error while loading: no database\.$/,
    ],
    ['throws-end.mjs', "throw new Error('no database.');", /it threw an error while loading: no database\.$/],
    [
      'name.mjs',
      "import { readfile } from 'node:fs'; export default {};",
      /name\.mjs:1:10: it imports readfile from 'node:fs', which exports nothing of that name\.$/,
    ],
    ['throws-text.mjs', "throw 'just text';", /it threw an error while loading: just text\.$/],
    [
      'imports.mjs',
      "import 'no-such-package-at-all'; export default {};",
      /it imports something that is not there: .*no-such-package-at-all/,
    ],
    ['config.yaml', 'types: {}', /a config is a \.ts, \.mts, \.js or \.mjs file, not config\.yaml/],
    [
      'wrong.mjs',
      'export default { types: { a: { run: 1, slots: 0 }, b: 2 } };',
      /: types\.a\.slots must be .*; types\.a\.run must be a function, not 1; types\.b must be /,
    ],
    [
      'limit.mjs',
      'export default { types: {}, limits: { slots: 0 } };',
      /limits\.slots is refused: Limit slots must be a whole number/,
    ],
  ] as const) {
    it(`says in one message what is wrong with ${name}`, async () => {
      await assert.rejects(load(name, content), (error: Error & { code: string }) => {
        assert.equal(error.code, 'CONFIG_INVALID');
        assert.ok(error.message.startsWith(join(folder, name)), error.message);
        assert.match(error.message, reason);
        return true;
      });
    });
  }

  for (const content of ['export default { types: {} };', "import 'node:fs'; export default { types: {} };"]) {
    it(`says how a file becomes a module where a package.json says otherwise: ${content}`, async () => {
      const project = await mkdtemp(join(folder, 'commonjs-'));
      await writeFile(join(project, 'package.json'), '{"type":"commonjs"}');
      await writeFile(join(project, 'bide.config.ts'), content);
      const loading = loadConfig({ cwd: project, clock: systemClock, functions: 'inline' });
      await assert.rejects(loading, {
        code: 'CONFIG_INVALID',
        message: /name it bide\.config\.mts, or set "type": "module"/,
      });
      await rename(join(project, 'bide.config.ts'), join(project, 'bide.config.mts'));
      const { file } = await loadConfig({ cwd: project, clock: systemClock, functions: 'inline' });
      assert.equal(file, join(project, 'bide.config.mts'));
    });
  }

  it('says that a file is missing and what to do', async () => {
    const loading = loadConfig({ file: 'none.ts', cwd: folder, clock: systemClock, functions: 'inline' });
    await assert.rejects(loading, {
      code: 'CONFIG_INVALID',
      message: /none\.ts: there is no such file; make one .*or leave --config out/,
    });
  });

  it('gives up on a file that never ends loading', async () => {
    await writeFile(join(folder, 'hangs.mjs'), 'setInterval(() => {}, 60_000).unref();\nawait new Promise(() => {});');
    const clock = { ...systemClock, after: fireAtOnce };
    const loading = loadConfig({ file: 'hangs.mjs', cwd: folder, clock, functions: 'inline' });
    await assert.rejects(loading, {
      code: 'CONFIG_INVALID',
      message: /it did not finish loading within 30000 ms: an await at its top never settles/,
    });
  });

  it('tells the first issues and counts the rest', async () => {
    const wrong = Array.from({ length: 9 }, (_, index) => `t${index}: ${index}`).join(', ');
    await assert.rejects(load('many.mjs', `export default { types: { ${wrong} } };`), {
      message: /t4 must be .*; and 4 more\.$/,
    });
  });
});
