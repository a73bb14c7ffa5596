import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseLine } from '../option.ts';
import { databaseOf, passwordWarning, STORE_OPTIONS } from './database-choice.ts';

const folder = mkdtempSync(join(tmpdir(), 'bide-database-'));
after(() => rmSync(folder, { recursive: true }));

const chosen = (line: readonly string[], env = {}) => databaseOf(parseLine(line, STORE_OPTIONS).values, env)?.url;

test('the database is read from its file, before the environment', () => {
  const file = join(folder, 'url');
  writeFileSync(file, 'postgresql://bide:secret@db/bide\n', { mode: 0o600 });
  assert.equal(
    chosen(['--database-file', file], { BIDE_DATABASE: 'postgresql://other/' }),
    'postgresql://bide:secret@db/bide',
  );
  assert.equal(chosen([], { BIDE_DATABASE: 'postgresql://other/' }), 'postgresql://other/');
  assert.equal(chosen([], { BIDE_DATABASE: '' }), undefined);
});

test('a file that is not there or holds something else, and two databases, are refused without showing what was read', () => {
  const file = join(folder, 'wrong');
  writeFileSync(file, 'secret');
  assert.throws(() => chosen(['--database-file', join(folder, 'none')]), {
    code: 'USAGE',
    message: /cannot be read \(ENOENT\)/,
  });
  assert.throws(
    () => chosen(['--database-file', file]),
    (error: Error) => /takes a URL/.test(error.message) && !/secret/.test(error.message),
  );
  assert.throws(() => chosen(['--database-file', file, '--database', 'postgresql://x/']), {
    message: /name two databases/,
  });
});

test('a password on the line is warned of, however it is written, and nothing else is', () => {
  for (const database of [
    'postgresql://a:secret@db/x',
    'postgres://a:p%40ss@h1,h2/x',
    'postgresql://db/x?user=a&password=secret',
  ])
    assert.match(passwordWarning({ database }) ?? '', /BIDE_DATABASE.*--database-file.*PGPASSWORD/, database);
  for (const database of ['postgresql://bide@db:5432/x', 'postgresql://db:5432/x', 'postgresql://a:@db/x', undefined])
    assert.equal(passwordWarning({ database }), null, database);
});
