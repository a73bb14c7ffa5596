import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { keyIdOf } from '../../core/api-key.ts';
import { makeProject } from './make-project.ts';
import { ownPackage } from './package-spec.ts';

const root = mkdtempSync(join(tmpdir(), 'bide-init-'));
after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
/** @param files what lies in the folder before, by name. */
function folderWith(files: Readonly<Record<string, string>>): string {
  folders += 1;
  const folder = join(root, `My App ${folders}`);
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const make = (folder: string, more: { isJavaScript?: boolean; isNodeOld?: boolean } = {}) =>
  makeProject({ folder, isJavaScript: false, isNodeOld: false, ...more });
const textIn = (folder: string, name: string) => readFileSync(join(folder, name), 'utf8');
const manifestIn = (folder: string) => JSON.parse(textIn(folder, 'package.json')) as Record<string, unknown>;

describe('makeProject', () => {
  test('makes a folder with config, test, tsconfig, README, key, manifest and what git leaves alone', () => {
    const folder = join(root, 'deep/my-app');
    const files = [
      'bide.config.ts',
      'greet.test.ts',
      'tsconfig.json',
      'README.md',
      '.env',
      '.gitignore',
      'package.json',
    ];
    assert.deepEqual(make(folder), files);
    assert.deepEqual(readdirSync(folder).sort(), files.sort());
    const { name, type, scripts, dependencies, devDependencies, allowScripts } = manifestIn(folder);
    assert.deepEqual([name, type], ['my-app', 'module']);
    assert.deepEqual(Object.keys(scripts as object), ['dev', 'start', 'test', 'types']);
    assert.deepEqual(Object.keys(dependencies as object), ['bide', 'zod']);
    assert.match((dependencies as { bide: string }).bide, /^file:\.\.\//, 'a checkout is named by its path');
    assert.deepEqual(allowScripts, { [(dependencies as { bide: string }).bide]: true });
    assert.equal((devDependencies as { typescript: string }).typescript, `^${ownPackage().devDependencies.typescript}`);
    assert.equal(textIn(folder, '.gitignore'), 'node_modules/\nbide-data/\n.env\n');
    assert.ok(textIn(folder, 'README.md').split('\n').length <= 13);
  });

  test('draws a key of its own for each project, which nobody else on the machine may read', () => {
    const keys = [join(root, 'one'), join(root, 'two')].map((folder) => {
      make(folder);
      assert.equal(statSync(join(folder, '.env')).mode & 0o777, 0o600);
      const [, admin = '', key] = /^BIDE_ADMIN_KEY=(.*)\nBIDE_KEY=(.*)$/m.exec(textIn(folder, '.env')) ?? [];
      assert.equal(admin, key);
      assert.notEqual(keyIdOf(admin), null, admin);
      return admin;
    });
    assert.notEqual(keys[0], keys[1]);
  });

  test('overwrites nothing: it names every file that is in the way, and writes none', () => {
    const folder = folderWith({ 'README.md': 'mine', '.env': 'SECRET=1' });
    assert.throws(() => make(folder), { code: 'USAGE', message: /^README\.md, \.env are in .*: move them away/ });
    assert.deepEqual([readdirSync(folder).length, textIn(folder, '.env')], [2, 'SECRET=1']);
    const other = folderWith({ 'bide.config.mjs': '' });
    assert.throws(
      () => make(other),
      { message: /^bide\.config\.mjs is in .*: move it away/ },
      'a second config would never be read',
    );
    const file = folderWith({ 'package.json': '{"a":' });
    assert.throws(() => make(file), { code: 'USAGE', message: /package\.json cannot be read/ });
  });

  test('says what to do where nothing can be written: below a file, and where a folder lies in the place of one', () => {
    const folder = folderWith({ file: '' });
    const message = /^Nothing can be written into .* \(ENOTDIR\)\. Name a folder that you may write/;
    assert.throws(() => make(join(folder, 'file')), { code: 'USAGE', message });
    assert.throws(() => make(join(folder, 'file/deep')), { code: 'USAGE', message });
    mkdirSync(join(folder, '.gitignore'));
    assert.throws(() => make(folder), { code: 'USAGE', message: /\(EISDIR\)/ });
    assert.deepEqual(readdirSync(folder).sort(), ['.gitignore', 'file'], 'nothing is left behind');
  });

  test('completes the package.json of `npm install` and the .gitignore that are there', () => {
    const folder = folderWith({
      'package.json': JSON.stringify({
        dependencies: { bide: 'file:../bide.tgz', zod: '3.0.0' },
        scripts: { dev: 'mine' },
      }),
      '.gitignore': '/node_modules\n.env',
    });
    make(folder);
    const { type, scripts, dependencies } = manifestIn(folder);
    assert.deepEqual([type, dependencies], ['module', { bide: 'file:../bide.tgz', zod: '3.0.0' }]);
    assert.deepEqual(Object.entries(scripts as object)[0], ['dev', 'mine']);
    assert.equal(textIn(folder, '.gitignore'), '/node_modules\n.env\nbide-data/\n');
  });

  test('among CommonJS files its own say by their ending that they are modules', () => {
    const test = 'echo "Error: no test specified" && exit 1';
    const folder = folderWith({ 'package.json': JSON.stringify({ type: 'commonjs', scripts: { test } }) });
    assert.deepEqual(make(folder).slice(0, 2), ['bide.config.mts', 'greet.test.mts']);
    assert.match(textIn(folder, 'greet.test.mts'), /from '\.\/bide\.config\.mts'/);
    assert.match(textIn(folder, 'README.md'), /`bide\.config\.mts`/);
    assert.deepEqual(
      [manifestIn(folder).type, (manifestIn(folder).scripts as { test: string }).test],
      ['commonjs', 'node --test'],
    );
    const other = folderWith({ 'package.json': '{}', 'index.js': '' });
    assert.deepEqual(make(other, { isJavaScript: true }).slice(0, 2), ['bide.config.mjs', 'greet.test.mjs']);
  });

  test('brings the newer Node where the machine has an older one, and lets its install script run', () => {
    const folder = folderWith({});
    make(folder, { isNodeOld: true });
    const { dependencies, allowScripts, engines } = manifestIn(folder);
    assert.equal((dependencies as { node: string }).node, '^24.0.0');
    assert.deepEqual([(allowScripts as { node: boolean }).node, engines], [true, { node: '>=20' }]);
  });
});
