/** `bide groups` against a real server: made, filled, closed, waited for, listed, retried and removed. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { GroupBody } from '../../src/client/index.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';
import { callBide } from './call-bide.ts';

const folder = mkdtempSync(join(tmpdir(), 'bide-cli-groups-'));
const data = join(folder, 'data');
let server: ServerProcess;

before(async () => {
  server = await startServer({ data, cwd: folder, args: ['--playground'] });
});
after(async () => {
  await server.end('SIGTERM');
  rmSync(folder, { recursive: true });
});

const run = (...line: readonly string[]) => callBide(['groups', ...line, '--data', data]);
const asGroup = (text: string) => JSON.parse(text) as GroupBody;

test('makes a group of more jobs than one call takes, waits for it, lists its jobs and removes it', async () => {
  const path = join(folder, 'jobs.json');
  writeFileSync(path, JSON.stringify(Array.from({ length: 1_200 }, (_, input) => ({ type: 'echo', input }))));
  const follow = JSON.stringify({ type: 'echo', input: { report: 7 }, limit: { key: 'k', concurrency: 1 } });
  const made = await run('create', '--jobs', `@${path}`, '--then', follow, '--wait', '--json');
  assert.equal(made.code, 0, made.stderr);
  const group = asGroup(made.stdout);
  assert.deepEqual([group.state, group.outcome, group.counts.succeeded], ['finished', 'succeeded', 1_200]);
  assert.ok(group.then?.jobId);
  const jobs = await run('jobs', group.id);
  assert.equal(jobs.stdout.trim().split('\n').length, 1_200);
  assert.match((await run('show', group.id)).stdout, /state {6}finished \(succeeded\)\njobs {7}1200, 100 % final/);
  assert.match((await run('list')).stdout, new RegExp(`${group.id} succeeded 1200 of 1200`));
  assert.match((await run('retry', group.id)).stdout, /^0 changed/);
  assert.match((await run('remove', group.id)).stdout, /removed/);
  assert.equal((await run('show', group.id)).code, 3);
});

test('fills an open group step by step', async () => {
  const { id } = asGroup((await run('create', '--open', '--json')).stdout);
  await run('add', id, '--jobs', '[{"type": "echo", "input": 1}]');
  const closed = await run('close', id, '--wait');
  assert.deepEqual([closed.code, closed.stdout], [0, `${id} succeeded 1 of 1\n`]);
  const late = await run('add', id, '--jobs', '[{"type": "echo"}]');
  assert.equal(late.code, 1);
  assert.match(late.stderr, /closed/);
});

test('says what is wrong with a line', async () => {
  for (const [line, said] of [
    [['creat'], /did you mean `bide groups create`/],
    [['close'], /The command is `bide groups close ID`/],
    [['add', 'x'], /takes ids of jobs, --jobs, or both/],
    [['create', '--jobs', '{}'], /takes a JSON array/],
  ] as const) {
    const { code, stderr } = await run(...line);
    assert.equal(code, 2);
    assert.match(stderr, said);
  }
});
