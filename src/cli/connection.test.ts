import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { BideError } from '../core/errors.ts';
import { connect, targetOf } from './connection.ts';
import { readServerNote, writeServerNote } from './service/data-folder.ts';

const NONE = { url: undefined, key: undefined, data: undefined };
const NOTE = { url: 'http://127.0.0.1:4321', pid: 1, version: '0', startedAt: '2030-01-01T00:00:00.000Z' };

const parent = mkdtempSync(join(tmpdir(), 'bide-connection-'));
after(() => rmSync(parent, { recursive: true, force: true }));

function folderWith({ note = true, key = true } = {}): string {
  const folder = mkdtempSync(join(parent, 'data-'));
  if (note) writeServerNote(folder, NOTE);
  if (key) writeFileSync(join(folder, 'admin.key'), 'bide_admin\n');
  return folder;
}

test('targetOf takes URL and key from the data folder where nobody says otherwise', () => {
  const folder = folderWith();
  const target = { url: NOTE.url, key: 'bide_admin', folder };
  assert.deepEqual(targetOf({ ...NONE, data: folder }, {}), target);
});

test('targetOf prefers flags to a named folder, and a named folder to the environment', () => {
  const data = folderWith();
  const env = { BIDE_URL: 'http://env', BIDE_KEY: 'env_key' };
  assert.equal(targetOf({ ...NONE, data, url: 'http://flag' }, env)?.url, 'http://flag');
  assert.equal(targetOf({ ...NONE, data }, env)?.url, NOTE.url);
  assert.equal(targetOf({ ...NONE, data }, env)?.key, 'env_key');
  assert.equal(targetOf({ ...NONE, data, key: 'flag_key' }, env)?.key, 'flag_key');
  assert.deepEqual(targetOf(NONE, env), { url: 'http://env', key: 'env_key', folder: null });
});

test('targetOf gives the admin key of a folder to the server of that folder only', () => {
  const data = folderWith();
  assert.equal(targetOf({ ...NONE, data, url: `${NOTE.url}/` }, {})?.key, 'bide_admin');
  assert.equal(targetOf({ ...NONE, data, url: 'http://elsewhere:4321' }, {})?.key, undefined);
});

test('targetOf finds nothing in a folder without a server, and connect says what to do', () => {
  const data = folderWith({ note: false });
  assert.equal(targetOf({ ...NONE, data }, {}), null);
  assert.throws(() => connect({ ...NONE, data }, {}), { code: 'UNREACHABLE', message: /bide serve --data .*--url/ });
});

test('an empty variable of the environment counts as none', () => {
  const data = folderWith();
  assert.equal(targetOf({ ...NONE, data }, { BIDE_URL: '', BIDE_KEY: '' })?.key, 'bide_admin');
});

test('readServerNote takes a damaged note for none', () => {
  for (const text of ['', '{', '[]', '{"url":1}', 'null']) {
    const folder = folderWith({ note: false });
    writeFileSync(join(folder, 'server.json'), text);
    assert.equal(readServerNote(folder), null, text);
  }
});

test('writeServerNote says that the disk is full and where, and leaves no draft', () => {
  const folder = folderWith({ note: false });
  // Takes no byte, as a full disk.
  symlinkSync('/dev/full', join(folder, 'server.json.11'));
  const before = readdirSync(folder).filter((name) => !name.startsWith('server.json'));
  assert.throws(
    () => writeServerNote(folder, { ...NOTE, pid: 11 }),
    (error: BideError) => {
      assert.deepEqual([error.code, error.message.includes(folder)], ['STORE_FULL', true]);
      return true;
    },
  );
  assert.deepEqual(readdirSync(folder), before);
});

test('a server takes back its own note, and leaves the one of its successor', () => {
  const folder = folderWith({ note: false });
  const remove = writeServerNote(folder, { ...NOTE, pid: 11 });
  const removeNext = writeServerNote(folder, { ...NOTE, pid: 12 });
  remove();
  assert.equal(readServerNote(folder)?.pid, 12);
  removeNext();
  assert.equal(readServerNote(folder), null);
});
