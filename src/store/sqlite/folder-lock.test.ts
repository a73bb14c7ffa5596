import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BideError } from '../../core/errors.ts';
import { openSqlite } from './index.ts';

const OPENER = new URL('./index.ts', import.meta.url).href;

/** Another process that opens the folder, says so and keeps it until it is killed. */
async function holderOf(folder: string): Promise<ChildProcess> {
  const script = `
    import { openSqlite } from ${JSON.stringify(OPENER)};
    try {
      const store = await openSqlite({ folder: ${JSON.stringify(folder)} });
      await store.migrate();
      process.send('open');
      setInterval(() => {}, 60_000);
    } catch (error) {
      process.send(error.code);
    }`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [answer] = await once(child, 'message');
  child.disconnect();
  Object.assign(child, { answer });
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function newFolder(t: { after(clean: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'bide-lock-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function refusal(folder: string): Promise<BideError> {
  const error = await openSqlite({ folder }).then(
    (store) => store.close().then(() => null),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof BideError, `opened, or ${String(error)}`);
  assert.equal(error.code, 'STORE_LOCKED');
  return error;
}

test('openSqlite refuses a folder that another process has open, and names the process', async (t) => {
  const folder = newFolder(t);
  const holder = await holderOf(folder);
  t.after(() => kill(holder));
  const error = await refusal(folder);
  assert.match(error.message, new RegExp(`Process ${holder.pid} has the data folder ${folder} open`));
  assert.equal(error.details.pid, holder.pid);
});

test('openSqlite opens the folder at once when the process that had it was killed', async (t) => {
  const folder = newFolder(t);
  const holder = await holderOf(folder);
  await kill(holder);
  const store = await openSqlite({ folder });
  assert.deepEqual((await store.migrate()).applied, []);
  await store.close();
});

test('openSqlite refuses a folder that this process has open, until it is closed', async (t) => {
  const folder = newFolder(t);
  const store = await openSqlite({ folder });
  assert.match((await refusal(folder)).message, new RegExp(`Process ${process.pid} `));
  await refusal(folder);
  await store.close();
  const again = await openSqlite({ folder });
  await again.close();
});

test('openSqlite lets one of several processes in when they start at the same moment', async (t) => {
  const folder = newFolder(t);
  const children = await Promise.all(Array.from({ length: 4 }, () => holderOf(folder)));
  t.after(() => Promise.all(children.map(kill)));
  const answers = children.map((child) => (child as unknown as { answer: string }).answer).toSorted();
  assert.deepEqual(answers, ['STORE_LOCKED', 'STORE_LOCKED', 'STORE_LOCKED', 'open']);
});

test('openSqlite goes by the lock and not by the process id that a crash left behind', async (t) => {
  const folder = newFolder(t);
  writeFileSync(join(folder, 'bide.pid'), `${process.ppid}\n`);
  const store = await openSqlite({ folder });
  assert.equal(readFileSync(join(folder, 'bide.pid'), 'utf8'), `${process.pid}\n`);
  await store.close();
});

test('openSqlite frees the folder when the database in it cannot be opened', async (t) => {
  const folder = newFolder(t);
  writeFileSync(join(folder, 'bide.db'), 'This is no database, and long enough to be read as one. '.repeat(100));
  for (let round = 0; round < 2; round += 1) {
    await assert.rejects(
      openSqlite({ folder }),
      (error) => error instanceof BideError && error.code === 'STORE_DAMAGED',
    );
  }
  rmSync(join(folder, 'bide.db'));
  const store = await openSqlite({ folder });
  await store.close();
});

test('openSqlite makes files that only their owner can read', async (t) => {
  const folder = newFolder(t);
  const store = await openSqlite({ folder: join(folder, 'data') });
  await store.migrate();
  const modes = readdirSync(join(folder, 'data'))
    .filter((name) => name.startsWith('bide.db'))
    .map((name) => [name, (statSync(join(folder, 'data', name)).mode & 0o777).toString(8)]);
  assert.deepEqual(modes, [
    ['bide.db', '600'],
    ['bide.db-shm', '600'],
    ['bide.db-wal', '600'],
  ]);
  assert.equal((statSync(join(folder, 'data')).mode & 0o777).toString(8), '700');
  await store.close();
});

async function codeOf(folder: string): Promise<string> {
  return openSqlite({ folder }).then(
    (store) => store.close().then(() => 'opened'),
    (error: unknown) => (error instanceof BideError ? error.code : String(error)),
  );
}

test('openSqlite says of a lock file that is none what to do about it, and opens once it is gone', async (t) => {
  const folder = newFolder(t);
  writeFileSync(join(folder, 'bide.lock'), 'not a lock, and long enough to be read as a database. '.repeat(100));
  assert.equal(await codeOf(folder), 'LOCK_FILE_FOREIGN');
  rmSync(join(folder, 'bide.lock'));
  assert.equal(await codeOf(folder), 'opened');
});

test('openSqlite begins no new life on an empty file in a folder that has been used', async (t) => {
  const folder = newFolder(t);
  writeFileSync(join(folder, 'bide.db'), '');
  assert.equal(await codeOf(folder), 'opened', 'never used');
  writeFileSync(join(folder, 'bide.db'), '');
  writeFileSync(join(folder, 'admin.key'), 'bide_1_2');
  assert.equal(await codeOf(folder), 'STORE_EMPTIED');
  assert.equal(statSync(join(folder, 'bide.db')).size, 0);
  await (await openSqlite({ folder, isRestore: true })).close();
});

test('openSqlite begins no new life in a folder that has lost its database, but for who restores it', async (t) => {
  const folder = newFolder(t);
  assert.equal(await codeOf(folder), 'opened', 'never used');
  writeFileSync(join(folder, 'admin.key'), 'bide_1_2');
  assert.equal(await codeOf(folder), 'opened', 'in use');
  rmSync(join(folder, 'bide.db'));
  assert.equal(await codeOf(folder), 'STORE_MISSING');
  assert.equal(existsSync(join(folder, 'bide.db')), false);
  await (await openSqlite({ folder, isRestore: true })).close();
  assert.equal(await codeOf(folder), 'opened', 'restored');
});

for (const what of ['missing', 'emptied'] as const) {
  test(`openSqlite makes no database beside the log of one that is ${what}, not to restore either: SQLite would delete it`, async (t) => {
    const folder = newFolder(t);
    const code = `STORE_${what.toUpperCase()}`;
    if (what === 'emptied') writeFileSync(join(folder, 'bide.db'), '');
    writeFileSync(join(folder, 'bide.db-wal'), 'writes');
    assert.equal(await codeOf(folder), code);
    await assert.rejects(openSqlite({ folder, isRestore: true }), { code });
    assert.equal(readFileSync(join(folder, 'bide.db-wal'), 'utf8'), 'writes');
  });
}
