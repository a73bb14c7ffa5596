/** A server that only answers and a worker that only works, on one PostgreSQL; and what an operator does beside them. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startTestServer, type TestServer } from '../postgres/server.ts';
import { type RunningCommand, startBide } from '../process/bide-command.ts';
import { callBide } from './call-bide.ts';

const folder = mkdtempSync(join(tmpdir(), 'bide-cli-postgres-'));
const data = join(folder, 'data');
const running: RunningCommand[] = [];
let postgres: TestServer;
let database: readonly string[];

before(async () => {
  postgres = await startTestServer({ isDurable: false });
  database = ['--database', await postgres.createDatabase(), '--schema', 'jobs'];
});

after(async () => {
  for (const { child } of running) child.kill('SIGTERM');
  await Promise.all(running.map(({ ended }) => ended));
  await postgres.end();
  rmSync(folder, { recursive: true, force: true });
});

async function started(ready: RegExp, ...line: readonly string[]): Promise<RunningCommand> {
  const command = startBide([...line, ...database], { cwd: folder });
  running.push(command);
  await command.said(ready);
  return command;
}

describe('the command line on PostgreSQL', () => {
  test('migrate brings the schema to this version, once', async () => {
    const first = await callBide(['migrate', '--data', data, ...database]);
    assert.equal(existsSync(data), false, 'a data folder was made for a database');
    assert.deepEqual(
      [first.code, /schema brought from version 0 to \d+\n$/.test(first.stdout)],
      [0, true],
      first.stderr,
    );
    assert.match((await callBide(['migrate', '--data', data, ...database])).stdout, /up to date/);
  });

  test('serve --no-work leaves the jobs to work', async () => {
    await started(/listening on/, 'serve', '--port', '0', '--playground', '--no-work', '--data', data);
    const submitted = await callBide(['submit', 'echo', '--input', '"over there"', '--data', data]);
    assert.equal(submitted.code, 0, submitted.stderr);
    const id = submitted.stdout.trim();
    assert.equal((await callBide(['wait', id, '--timeout', '300ms', '--data', data])).code, 4);
    const worker = await started(/^working\n/, 'work', '--playground', '--data', join(folder, 'worker'));
    assert.equal((await callBide(['wait', id, '--timeout', '30s', '--data', data])).code, 0);
    assert.equal((await callBide(['result', id, '--data', data])).stdout.trim(), '"over there"');
    worker.child.kill('SIGTERM');
    assert.equal((await worker.ended).code, 0);
  });

  test('keys and doctor work on the database itself', async () => {
    const absent = join(folder, 'absent');
    const made = await callBide(['keys', 'create', '--name', 'beside', '--data', absent, ...database]);
    assert.match(made.stdout, /^bide_/, made.stderr);
    assert.match((await callBide(['keys', 'list', '--data', absent, ...database])).stdout, / beside .* submit,read\n/);
    const examined = await callBide(['doctor', '--data', absent, ...database]);
    assert.equal(existsSync(absent), false, 'a data folder was made for a database');
    assert.equal(examined.code, 0, examined.stdout);
    assert.match(examined.stdout, /^ok +store +opens.*schema version \d+$/m);
    assert.match(examined.stdout, /^ok +clock +agrees with the database$/m);
  });

  test('a database that is not there is one line, with 1 and what to check', async () => {
    const gone = ['--database', 'postgresql://nobody@127.0.0.1:1/none'];
    const { code, stderr } = await startBide(['serve', '--port', '0', '--data', join(folder, 'gone'), ...gone]).ended;
    assert.equal(code, 1);
    assert.match(stderr, /^bide: The database cannot be reached\. .*--database/);
    assert.equal(stderr.trim().split('\n').length, 1);
  });
});
