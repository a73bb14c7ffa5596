/** A Bide that moves from SQLite to PostgreSQL, by the commands that its operator types, and what may go wrong on the way. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import type { JobBody } from '../../src/client/index.ts';
import { populate } from '../../src/store/contract-suite/population.ts';
import { openSqlite } from '../../src/store/sqlite/index.ts';
import { startTestServer, type TestServer } from '../postgres/server.ts';
import { BIDE, bide, type RunningCommand, startBide } from '../process/bide-command.ts';
import { seededChance } from '../process/seeded.ts';
import { startServer } from '../process/server-process.ts';
import { callBide } from './call-bide.ts';

const folder = mkdtempSync(join(tmpdir(), 'bide-cli-moving-'));
/** A data folder with some of everything, and what its export says. */
const full = join(folder, 'full');
const chance = seededChance();
let archive: Buffer;
let postgres: TestServer;

before(async () => {
  postgres = await startTestServer({ isDurable: false });
  const store = await openSqlite({ folder: full, synchronous: 'normal' });
  await store.migrate();
  await populate(store, chance, { jobs: 2_000, largeBytes: 400_000 });
  await store.close();
  archive = (await bide(['export', '--data', full])).bytes;
});

after(async () => {
  await postgres.end();
  rmSync(folder, { recursive: true, force: true });
});

/** The records, without the head, which names engine and time. */
function recordsOf(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.slice(text.indexOf('\n'));
}

/** What is in a folder or a database, by an export to a file: as a process, into a pipe, runs the one of `before`. */
async function exported(...from: readonly string[]): Promise<Buffer> {
  const file = join(newFolder(), 'archive.ndjson');
  mkdirSync(dirname(file));
  const { code, stderr } = await callBide(['export', ...from, '--out', file]);
  assert.equal(code, 0, stderr);
  return readFileSync(file);
}

let folders = 0;

/** Where nothing is yet. */
function newFolder(): string {
  folders += 1;
  return join(folder, `new-${folders}`);
}

/** `bide export … | bide import …`, as a shell runs it. */
async function piped(from: readonly string[], to: readonly string[]): Promise<{ code: number; stderr: string }> {
  const words = (line: readonly string[]) => line.map((word) => `'${word}'`).join(' ');
  const node = `'${process.execPath}' '${BIDE}'`;
  const child = spawn('/bin/sh', ['-c', `${node} export ${words(from)} | ${node} import ${words(to)}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = await once(child, 'close');
  return { code: code as number, stderr };
}

async function listening(server: RunningCommand): Promise<string> {
  return /listening on (http:\/\/\S+)/.exec(await server.said(/listening on http:\/\/\S+/))?.[1] ?? '';
}

describe('a Bide that moves', () => {
  test('goes on over PostgreSQL with its keys, jobs and results, numbers continued', async () => {
    const data = join(folder, 'served');
    const old = await startServer({ data, cwd: folder, args: ['--playground'] });
    const headers = { authorization: `Bearer ${old.key}`, 'content-type': 'application/json' };
    const submit = async (url: string, more: object) => {
      const body = JSON.stringify({ type: 'echo', input: { said: 'before the move' }, ...more });
      const { id } = (await (
        await fetch(`${url}/v1/jobs?wait=30`, { method: 'POST', headers, body })
      ).json()) as JobBody;
      return read(url, id);
    };
    const read = async (url: string, id: string) => {
      const answer = await fetch(`${url}/v1/jobs/${id}?include=number`, { headers });
      return (await answer.json()) as JobBody & { readonly number: number };
    };
    const once = { idempotencyKey: 'once' };
    const before = await submit(old.url, once);
    assert.equal(before.state, 'succeeded');
    const held = await callBide(['export', '--data', data]);
    assert.equal(held.code, 1);
    assert.match(held.stderr, /^bide: Process \d+ has the data folder .* open\./);
    assert.equal(await old.end('SIGTERM'), 0);

    const database = await postgres.createDatabase();
    const moved = await piped(['--data', data], ['--database', database, '--schema', 'moved']);
    assert.equal(moved.code, 0, moved.stderr);
    assert.match(moved.stderr, /^exported 1 job, 1 key$/m);
    assert.match(moved.stderr, /^imported 1 job, 1 key$/m);

    const there = ['--database', database, '--schema', 'moved', '--data', newFolder(), '--port', '0', '--playground'];
    const server = startBide(['serve', ...there], { cwd: folder });
    try {
      const url = await listening(server);
      const job = await read(url, before.id);
      assert.deepEqual([job.id, job.number, job.result], [before.id, before.number, { said: 'before the move' }]);
      assert.equal((await submit(url, once)).id, before.id);
      assert.ok((await submit(url, {})).number > before.number);
    } finally {
      server.child.kill('SIGTERM');
      await server.ended;
    }
  });

  test('comes back from PostgreSQL as it went', async (t) => {
    t.diagnostic(`BIDE_SEED=${chance.seed}`);
    const database = await postgres.createDatabase();
    const back = newFolder();
    const there = await piped(['--data', full], ['--database', database]);
    assert.equal(there.code, 0, there.stderr);
    const again = await piped(['--database', database], ['--data', back]);
    assert.equal(again.code, 0, again.stderr);
    const records = await exported('--data', back);
    const sorted = (bytes: Buffer) => recordsOf(bytes).split('\n').sort();
    assert.deepEqual(sorted(records), sorted(archive), `BIDE_SEED=${chance.seed}`);
  });
});

describe('bide export', () => {
  test('writes a new file that only its owner may read, and never over one', async () => {
    const file = join(folder, 'archive.ndjson');
    const line = ['export', '--data', full, '--out', file];
    const made = await bide(line);
    assert.deepEqual([made.code, made.stdout], [0, ''], made.stderr);
    assert.match(
      made.stderr,
      /^exported [\d,]+ jobs, 8 keys, \d documents, [\d,]+ deliveries, [\d,]+ events, [\d,]+ tombstones\n$/,
    );
    assert.equal(recordsOf(readFileSync(file)), recordsOf(archive));
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const again = await callBide(line);
    assert.equal(again.code, 2);
    assert.match(again.stderr, /archive\.ndjson is there already/);
    writeFileSync(`${file}.2.part`, 'of another export');
    const beside = await callBide(['export', '--data', full, '--out', `${file}.2`]);
    assert.match(beside.stderr, /another export is writing it, or was killed/);
    assert.equal(readFileSync(`${file}.2.part`, 'utf8'), 'of another export');
  });

  test('zips and unzips where the name of the file says so', async () => {
    const file = join(folder, 'archive.ndjson.gz');
    assert.equal((await callBide(['export', '--data', full, '-o', file, '--json'])).code, 0);
    assert.equal(recordsOf(gunzipSync(readFileSync(file))), recordsOf(archive));
    const target = newFolder();
    assert.equal((await callBide(['import', file, '--data', target])).code, 0);
    assert.equal(recordsOf(await exported('--data', target)), recordsOf(archive));
    writeFileSync(file, readFileSync(file).subarray(0, 20_000));
    const cut = await callBide(['import', file, '--data', newFolder()]);
    assert.deepEqual([cut.code, /is no gzip file, or was cut off/.test(cut.stderr)], [2, true], cut.stderr);
  });

  test('into a reader that went away ends with 1 and says so', async () => {
    const running = startBide(['export', '--data', full]);
    running.child.stdout?.destroy();
    const { code, stderr } = await running.ended;
    assert.equal(code, 1);
    assert.match(stderr, /^bide: Whoever read the archive has gone away before its end\./);
  });

  test('on ^C ends with 130, also while nobody reads', async () => {
    const running = startBide(['export', '--data', full]);
    const { stdout } = running.child;
    assert.ok(stdout !== null);
    await once(stdout, 'data');
    stdout.pause();
    running.child.kill('SIGINT');
    await once(running.child, 'exit');
    stdout.resume();
    const { code, stderr } = await running.ended;
    assert.deepEqual([code, stderr], [130, 'bide: Interrupted: the archive is not whole.\n']);
  });

  test('of a folder without a database makes none', async () => {
    const nowhere = newFolder();
    const { code, stderr } = await callBide(['export', '--data', nowhere]);
    assert.equal(code, 2);
    assert.match(stderr, /^bide: There is no database in the data folder/);
    assert.ok(!existsSync(nowhere));
  });
});

describe('bide import', () => {
  const imported = (target: string, bytes: Buffer | string, ...more: readonly string[]) =>
    callBide(['import', '--data', target, ...more], bytes.toString());
  const lines = () => archive.toString('utf8').split('\n').slice(0, -1);
  /** The archive until this many of its jobs, as one that was cut off. */
  const untilJob = (count: number) => {
    const all = lines();
    const first = all.findIndex((line) => line.startsWith('{"kind":"job"'));
    return { lineCount: first + count, text: `${all.slice(0, first + count).join('\n')}\n` };
  };

  test('of an archive that was cut off stores what there is, and --continue goes on', async () => {
    const target = newFolder();
    const { text, lineCount } = untilJob(1_100);
    const cut = await imported(target, text);
    assert.equal(cut.code, 2);
    assert.match(cut.stderr, /its last line is missing\. Stored by then: [\d,]+ jobs?, .*--continue/);
    assert.ok(cut.stderr.includes(`cut off after line ${lineCount}:`), cut.stderr);
    const refused = await imported(target, archive);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^bide: The store is in use: it has given out job numbers up to 2000\./);
    const rest = await imported(target, archive, '--continue', '--json');
    assert.equal(rest.code, 0, rest.stderr);
    const { imported: written, present } = JSON.parse(rest.stdout) as Record<string, Record<string, number>>;
    assert.ok((written?.job ?? 0) > 0 && (present?.key ?? 0) === 8, rest.stdout);
    assert.equal(recordsOf(await exported('--data', target)), recordsOf(archive));
  });

  test('refuses a damaged archive with 2, naming the line', async () => {
    const all = lines();
    const with3 = (line: string) => [...all.slice(0, 2), line, ...all.slice(3), ''].join('\n');
    const cases: readonly (readonly [string, RegExp])[] = [
      ['', /The archive is empty/],
      ['{"a":1}\n', /This is no archive/],
      [archive.toString().replace('"version":1', '"version":2'), /has version 2, this version of Bide reads version 1/],
      [with3('garbage'), /Line 3 of the archive is no JSON/],
      [with3('{"kind":"other"}'), /Line 3 of the archive has no kind that is known, but "other"/],
      [with3('{"kind":"counter","number":-1}'), /Line 3 of the archive is wrong: number is no whole number/],
      [[...all.slice(0, 9), all.at(-1), ''].join('\n'), /The archive is not whole: of kind \w+ it has \d+/],
      [`${archive.toString()}\n`, /comes after its end/],
      [archive.toString().slice(0, -60), /The archive was cut off in line \d+\./],
    ];
    for (const [text, message] of cases) {
      const { code, stderr } = await imported(newFolder(), text);
      assert.match(stderr, message);
      assert.equal(code, 2, stderr);
    }
  });

  test('leaves the store alone where there is no archive', async () => {
    const target = newFolder();
    assert.equal((await imported(target, 'hello\n')).code, 2);
    assert.ok(!existsSync(target));
  });

  test('ends at the first record that something else is in the way of, and names it', async () => {
    const target = newFolder();
    const store = await openSqlite({ folder: target, synchronous: 'normal' });
    await store.migrate();
    await populate(store, seededChance(1), { jobs: 5, largeBytes: 1 });
    await store.close();
    const { code, stderr } = await imported(target, archive, '--continue');
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^bide: (Key|Document|The tombstone of job|Job) .+ cannot be written: .+, or what is there is older\. Stored by then:/,
    );
  });

  test('goes on with --continue after it was killed midway, and after ^C', async () => {
    const database = await postgres.createDatabase();
    const line = ['import', '--database', database];
    for (const [signal, jobs] of [['SIGKILL', 1_100] as const, ['SIGINT', 1_700] as const]) {
      const running = startBide(signal === 'SIGKILL' ? line : [...line, '--continue'], { isInputOpen: true });
      running.child.stdin?.write(untilJob(jobs).text);
      await stored(database, jobs - 600);
      running.child.kill(signal);
      const ended = await running.ended;
      if (signal === 'SIGINT') assert.match(ended.stderr, /^bide: Interrupted\. Stored by then: .* jobs.*--continue/m);
      assert.equal(ended.code, signal === 'SIGINT' ? 130 : ended.code);
    }
    const rest = await callBide([...line, '--continue'], archive.toString());
    assert.equal(rest.code, 0, rest.stderr);
    assert.match(rest.stderr, /there already: /);
    const sorted = (bytes: Buffer) => recordsOf(bytes).split('\n').sort();
    assert.deepEqual(sorted(await exported('--database', database)), sorted(archive));
  });

  test('makes no data folder beside a database', async () => {
    const cwd = mkdtempSync(join(folder, 'cwd-'));
    const { code, stderr } = await bide(['import', '--database', await postgres.createDatabase()], {
      cwd,
      input: archive.toString(),
    });
    assert.equal(code, 0, stderr);
    assert.deepEqual(readdirSync(cwd), []);
  });
});

/** Resolves when the schema holds this many jobs and tombstones; asks as fast as the database answers. */
async function stored(url: string, rows: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const count = 'SELECT (SELECT count(*) FROM bide.jobs) + (SELECT count(*) FROM bide.tombstones) AS rows';
  const deadline = performance.now() + 60_000;
  try {
    for (;;) {
      const found = await client.query(count).catch(() => ({ rows: [] }));
      if (Number(found.rows[0]?.rows ?? 0) >= rows) return;
      if (performance.now() > deadline) throw new Error(`There are not ${rows} rows after a minute.`);
    }
  } finally {
    await client.end();
  }
}
