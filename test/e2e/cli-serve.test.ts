/** The server as a process: its start, its refusals, its end, and what an operator does beside it. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { createClient, type JobBody, type KeyBody } from '../../src/client/index.ts';
import { bide, type RunningCommand, startBide } from '../process/bide-command.ts';
import { startServer } from '../process/server-process.ts';
import { type Called, callBide } from './call-bide.ts';

const folder = mkdtempSync(join(tmpdir(), 'bide-serve-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let folders = 0;
function newFolder(): string {
  folders += 1;
  return join(folder, `data-${folders}`);
}

/** A program that runs until there is such a file. */
const UNTIL_FILE = `
  const fs = require('node:fs');
  const file = process.argv[1];
  const look = () => { if (fs.existsSync(file)) { console.log('true'); process.exit(0); } };
  fs.watch(require('node:path').dirname(file), look);
  look();`;

interface Served extends RunningCommand {
  readonly url: string;
  readonly said0: string;
}

async function serve(data: string, ...more: readonly string[]): Promise<Served> {
  const running = startBide(['serve', '--port', '0', '--data', data, ...more], { cwd: folder });
  const said0 = await running.said(/listening on \S+\n/);
  return { ...running, said0, url: /listening on (\S+)/.exec(said0)?.[1] ?? '' };
}

async function end(running: RunningCommand, signal: NodeJS.Signals = 'SIGTERM') {
  running.child.kill(signal);
  return running.ended;
}

/** Signals as close together as those of one keystroke count as one, so the second one goes until it is taken. */
async function forced(running: RunningCommand) {
  let isForced = false;
  const taken = running.said(/stopping now/).then(() => {
    isForced = true;
  });
  while (!isForced) {
    running.child.kill('SIGTERM');
    await Promise.race([taken, bide(['version'])]);
  }
  return running.ended;
}

const keyIn = (data: string) => readFileSync(join(data, 'admin.key'), 'utf8').trim();
const linesOf = <T>(text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);

describe('bide serve', () => {
  test('prints the admin key at the first start only, and leaves it readable by its owner alone', async () => {
    const data = newFolder();
    const first = await serve(data, '--playground');
    assert.match(
      first.said0,
      /^admin key (bide_\w+) \(shown this once, kept in .*admin\.key\)\ndashboard http:\S+\/dashboard\/#link=\S{32} .*\nlistening on http:/,
    );
    assert.ok(first.said0.includes(keyIn(data)));
    assert.equal(statSync(join(data, 'admin.key')).mode & 0o777, 0o600);
    assert.equal((await end(first)).code, 0);
    const second = await serve(data, '--playground');
    assert.match(second.said0, /^listening on http:\/\/127\.0\.0\.1:\d+\n$/);
    await end(second);
    // Who develops starts it many times, and has the link each time.
    await using developing = await startServer({ data, verb: 'dev', args: ['--playground'] });
    assert.match(developing.output(), /^dashboard http:\S+\/dashboard\/#link=\S{32} .*\nlistening on http:/);
  });

  test('takes its first admin key from the file of --env-file, and does not print it', async () => {
    const data = newFolder();
    const key = `bide_mine_${'k'.repeat(24)}`;
    const file = join(folder, 'first.env');
    writeFileSync(file, `# mine\nBIDE_ADMIN_KEY=${key}\n`);
    const running = await serve(data, '--playground', '--env-file', file);
    assert.match(running.said0, /^dashboard http:\S+ .*\nlistening on http:/);
    assert.equal((await createClient({ url: running.url, key }).types()).length > 0, true);
    const { stderr } = await end(running);
    assert.equal([running.said0, stderr].join('').includes(key), false);
    writeFileSync(file, 'BIDE_ADMIN_KEY=letmein\n');
    const refused = await bide(['serve', '--data', data, '--env-file', file]);
    assert.deepEqual([refused.code, /BIDE_ADMIN_KEY takes bide_ID_SECRET/.test(refused.stderr)], [2, true]);
    const absent = await callBide(['serve', '--env-file', join(folder, 'none.env')]);
    assert.deepEqual([absent.code, /cannot be read \(ENOENT\)/.test(absent.stderr)], [2, true]);
  });

  test('leaves its URL in the data folder while it runs, and takes it away when it stops', async () => {
    const data = newFolder();
    const running = await serve(data);
    const note = JSON.parse(readFileSync(join(data, 'server.json'), 'utf8')) as { url: string; pid: number };
    assert.deepEqual([note.url, note.pid], [running.url, running.child.pid]);
    assert.equal((await callBide(['types', '--data', data])).code, 0);
    const { code, stderr } = await end(running);
    assert.deepEqual([code, existsSync(join(data, 'server.json'))], [0, false]);
    assert.match(stderr, /stopping: running jobs are given time to finish/);
  });

  test('without a config says that it has no types, in a line of its log', async () => {
    const running = await serve(newFolder());
    const { code, stderr } = await end(running);
    assert.equal(code, 0);
    const [first] = linesOf<{ level: string; msg: string }>(stderr);
    assert.equal(first?.level, 'warn');
    assert.match(first?.msg ?? '', /no job types.*bide\.config\.ts.*--config.*--playground/);
  });

  test('with --json says all of it in one document', async () => {
    const data = newFolder();
    const running = startBide([
      'serve',
      '--port',
      '0',
      '--data',
      data,
      '--json',
      '--playground',
      '--dialect-port',
      'kinetica=0',
    ]);
    const said = await running.said(/\n/);
    const document = JSON.parse(said) as { listening: string; adminKey: string; dialects: Record<string, string> };
    assert.equal(document.adminKey, keyIn(data));
    assert.match(document.dialects.kinetica ?? '', /^http:\/\/127\.0\.0\.1:\d+$/);
    await end(running);
  });

  test('lets running jobs finish at SIGTERM, and answers who waits for them', async () => {
    const data = newFolder();
    const running = await serve(data, '--playground');
    const client = createClient({ url: running.url, key: keyIn(data), triesMax: 1 });
    const { id } = await client.submit({ type: 'sleep', input: { ms: 1_500, steps: 30, result: 'done' } });
    for await (const job of client.watch(id)) if (job.state === 'running' && job.progress.percent > 0) break;
    assert.equal((await end(running)).code, 0);
    const again = await serve(data, '--playground');
    const job = await createClient({ url: again.url, key: keyIn(data) }).get(id);
    assert.deepEqual([job.state, job.attempt, job.result], ['succeeded', 1, 'done']);
    await end(again);
  });

  test('goes on answering while a job runs at SIGTERM, not ready, and takes no more of them to run', async () => {
    const data = newFolder();
    const release = join(folder, 'release');
    const config = join(folder, 'held.config.mjs');
    const handler = JSON.stringify({ program: process.execPath, args: ['-e', UNTIL_FILE, release] });
    const importing = `import { command } from ${JSON.stringify(import.meta.resolve('../../src/config/index.ts'))};`;
    writeFileSync(config, `${importing} export default { types: { held: command(${handler}) } };`);
    const running = await serve(data, '--config', config);
    const client = createClient({ url: running.url, key: keyIn(data), triesMax: 1 });
    const { id } = await client.submit({ type: 'held' });
    for await (const job of client.watch(id)) if (job.state === 'running') break;
    const headers = { 'x-api-key': keyIn(data) };
    const held = fetch(`${running.url}/v1/jobs/${id}?wait=60`, { headers });
    const metrics = async () => (await fetch(`${running.url}/metrics`, { headers })).text();
    while (!/^bide_holds 1$/m.test(await metrics()));
    running.child.kill('SIGTERM');
    await running.said(/stopping: /);
    const ready = await fetch(`${running.url}/readyz`);
    assert.deepEqual([ready.status, ready.headers.get('connection')], [503, 'close']);
    assert.equal((await client.get(id)).state, 'running');
    const late = await client.submit({ type: 'held' });
    writeFileSync(release, '');
    assert.match(await (await held).text(), /"state":"succeeded"/);
    assert.equal((await running.ended).code, 0);
    await assert.rejects(fetch(`${running.url}/readyz`));
    const again = await serve(data, '--config', config);
    assert.equal((await createClient({ url: again.url, key: keyIn(data) }).wait(late.id)).job.state, 'succeeded');
    await end(again);
  });

  test('lets balancers notice for drainMsMin though nothing runs, unless it is forced', async () => {
    const config = join(folder, 'noticed.config.mjs');
    writeFileSync(config, 'export default { types: {}, limits: { drainMsMin: 3_600_000 } };');
    const running = await serve(newFolder(), '--config', config);
    running.child.kill('SIGTERM');
    await running.said(/stopping: /);
    assert.equal((await fetch(`${running.url}/readyz`)).status, 503);
    await forced(running);
  });

  test('ends although the config keeps something open', async () => {
    const config = join(folder, 'open.config.mjs');
    writeFileSync(config, 'setInterval(() => {}, 1000); export default { types: { now: () => Date.now() } };');
    const data = newFolder();
    const running = await serve(data, '--config', config);
    assert.equal((await callBide(['submit', 'now', '--wait', '--data', data])).code, 0);
    assert.deepEqual(await end(running).then(({ code, signal }) => [code, signal]), [0, null]);
    assert.equal((await bide(['doctor', '--config', config, '--data', data])).code, 0);
  });

  test('gives running jobs back at the second signal', async () => {
    const data = newFolder();
    const running = await serve(data, '--playground');
    const client = createClient({ url: running.url, key: keyIn(data), triesMax: 1 });
    const { id } = await client.submit({ type: 'sleep', input: { ms: 600_000, steps: 1_000 } });
    for await (const job of client.watch(id)) if (job.state === 'running') break;
    running.child.kill('SIGTERM');
    await running.said(/stopping: /);
    assert.notEqual((await forced(running)).code, 0);
    const again = await serve(data);
    const job = await createClient({ url: again.url, key: keyIn(data) }).get(id);
    assert.deepEqual([job.state, job.attempt], ['queued', 0]);
    await end(again);
  });

  test('starts again right after SIGKILL, and the note of the dead server misleads nobody', async () => {
    const data = newFolder();
    const killed = await serve(data);
    const { signal } = await end(killed, 'SIGKILL');
    assert.equal(signal, 'SIGKILL');
    const stale = await callBide(['types', '--data', data]);
    assert.deepEqual([stale.code, /cannot be reached/.test(stale.stderr)], [5, true]);
    assert.equal((await callBide(['keys', 'list', '--data', data])).code, 0);
    const next = await serve(data);
    assert.equal((await callBide(['types', '--data', data])).code, 0);
    await end(next);
  });
});

describe('bide serve refuses', () => {
  const refusal = async (...line: readonly string[]) => quiet(await callBide(['serve', '--port', '0', ...line]));
  const quiet = ({ code, stdout, stderr }: Called) => {
    assert.equal(stdout, '');
    assert.doesNotMatch(stderr, /^ +at /m, 'a stack trace');
    return { code, stderr };
  };

  test('a port that is taken, with 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const port = String((taken.address() as AddressInfo).port);
    const ended = await bide(['serve', '--port', port, '--data', newFolder()], { cwd: folder });
    const { code, stderr } = quiet({ ...ended, code: ended.code ?? -1 });
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`^bide: Port ${port} on 127\\.0\\.0\\.1 is in use\\.\n.*--port`));
    taken.close();
  });

  test('an address that is not of this machine, with 2', async () => {
    const { code, stderr } = await refusal('--host', '192.0.2.1', '--data', newFolder());
    assert.deepEqual([code, /This machine has no address 192\.0\.2\.1/.test(stderr)], [2, true]);
  });

  test('a data folder of another process, with 1 and its process id', async () => {
    const data = newFolder();
    const running = await serve(data);
    const { code, stderr } = await refusal('--data', data);
    assert.equal(code, 1);
    assert.ok(stderr.startsWith(`bide: Process ${running.child.pid} has the data folder ${data} open.\n`), stderr);
    assert.equal((await callBide(['types', '--data', data])).code, 0, 'the first one goes on');
    await end(running);
  });

  test('a data folder that has lost its database, with 1, like every other command but import', async () => {
    const data = newFolder();
    await end(await serve(data));
    const archive = join(folder, 'kept.ndjson');
    assert.equal((await callBide(['export', '--out', archive, '--data', data])).code, 0);
    for (const name of ['bide.db', 'bide.db-wal', 'bide.db-shm']) rmSync(join(data, name), { force: true });
    const said = /There is no .*bide\.db, although .* has been used: admin\.key is there\./;
    const { code, stderr } = await refusal('--data', data);
    assert.deepEqual([code, said.test(stderr)], [1, true], stderr);
    assert.match(stderr, /Restore the newest backup .*`bide import`.*--database.*To begin anew/);
    for (const line of [['migrate'], ['keys', 'list'], ['export']]) {
      const other = await callBide([...line, '--data', data]);
      assert.deepEqual([other.code, said.test(other.stderr)], [1, true], other.stderr);
    }
    const doctor = await callBide(['doctor', '--data', data]);
    assert.equal(doctor.code, 1);
    assert.match(doctor.stdout, /^problem +store +There is no .*\n +-> Restore the newest backup/m);
    assert.equal(existsSync(join(data, 'bide.db')), false);
    assert.equal((await callBide(['import', archive, '--data', data])).code, 0);
    const running = await serve(data);
    assert.equal((await callBide(['list', '--data', data])).code, 0, 'the key of before');
    await end(running);
  });

  test('a data folder below a file, with 2 and the file', async () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    const { code, stderr } = await refusal('--data', join(file, 'data'));
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^bide: The data folder .* cannot be used: .*a-file is no folder\. Name another with --data\.\n$/,
    );
  });

  test('a config with a mistake, with 2 and the place of it', async () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['export default { types: { a: 1 } };', /a\.config\.mjs: types\.a /],
      ['export default { typos: {} };', /typos/],
      ['export default {', /syntax error/],
      ['throw new Error("not today");', /not today/],
    ];
    for (const [at, [text, expected]] of cases.entries()) {
      const file = join(folder, `${at}.a.config.mjs`);
      writeFileSync(file, text);
      const { code, stderr } = await refusal('--config', file, '--data', newFolder());
      assert.deepEqual([code, expected.test(stderr)], [2, true], stderr);
    }
    const { code, stderr } = await refusal('--config', 'nowhere.ts', '--data', newFolder());
    assert.deepEqual([code, /nowhere\.ts: there is no such file/.test(stderr)], [2, true]);
  });

  test('options that make no sense, with 2', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['--port', '70000'], /--port takes a whole number from 0 to 65535, not 70000/],
      [['--dialect-port', 'kinetica'], /takes NAME=PORT/],
      [['--schema', 'x'], /--schema belongs to --database/],
      [['--database', 'mysql://x'], /takes a URL such as postgresql:/],
      [['--public-url', 'jobs.example.org'], /--public-url takes a URL such as https:/],
      [['--log-level', 'loud'], /takes one of trace, debug/],
      [['extra'], /does not know what to do with "extra"/],
      [['--pubic-url', 'x'], /Did you mean --public-url\?/],
    ];
    for (const [line, expected] of cases) {
      const { code, stderr } = await callBide(['serve', ...line, '--data', newFolder()]);
      assert.deepEqual([code, expected.test(stderr)], [2, true], stderr);
    }
  });

  test('to work on a data folder: that takes PostgreSQL', async () => {
    const { code, stderr } = await callBide(['work', '--data', newFolder()]);
    assert.deepEqual([code, /`bide work` needs --database: .* PostgreSQL/.test(stderr)], [2, true]);
  });
});

describe('bide keys', () => {
  test('creates, lists and revokes through the running server, at once', async () => {
    const data = newFolder();
    const running = await serve(data);
    const made = await bide([
      'keys',
      'create',
      '--name',
      'ci',
      '--scope',
      'submit,read',
      '--tenant',
      'acme',
      '--data',
      data,
    ]);
    assert.equal(made.code, 0);
    const key = made.stdout.trim();
    assert.match(made.stderr, /of tenant acme with submit, read: shown this once/);
    assert.equal((await callBide(['list', '--url', running.url, '--key', key])).code, 0);
    const forbidden = await callBide(['keys', 'list', '--url', running.url, '--key', key]);
    assert.deepEqual([forbidden.code, /scope admin/.test(forbidden.stderr)], [2, true]);

    const listed = linesOf<KeyBody>((await callBide(['keys', 'list', '--json', '--data', data])).stdout);
    const { id } = listed.find(({ name }) => name === 'ci') ?? assert.fail('not listed');
    assert.match(
      (await callBide(['keys', 'list', '--data', data])).stdout,
      new RegExp(`\n${id} +ci +acme +\\d+m?s +never +submit,read\n`),
    );
    assert.equal((await callBide(['keys', 'revoke', id, '--data', data])).stdout, `${id} revoked\n`);
    assert.equal((await callBide(['list', '--url', running.url, '--key', key])).code, 2);
    assert.equal((await callBide(['keys', 'revoke', id, '--data', data])).code, 3);
    await end(running);
  });

  test('works on the data folder itself while no server runs', async () => {
    const data = newFolder();
    assert.equal((await callBide(['migrate', '--data', data])).code, 0);
    const made = await callBide(['keys', 'create', '--scope', 'work', '--json', '--data', data]);
    const { key, scopes } = JSON.parse(made.stdout) as { key: string; scopes: readonly string[] };
    assert.deepEqual(scopes, ['work']);
    assert.equal((await callBide(['keys', 'revoke', 'nonsense', '--data', data])).code, 3);
    const running = await serve(data);
    assert.match((await callBide(['types', '--url', running.url, '--key', key])).stderr, /scope read/);
    await end(running);
  });

  test('refuses what makes no sense, and makes no folder on the way', async () => {
    const data = newFolder();
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['keys'], /needs create \| list \| revoke/],
      [['keys', 'crate'], /did you mean `bide keys create`\?/],
      [['keys', 'revoke'], /needs ID/],
      [['keys', 'list', 'x'], /takes no arguments/],
      [['keys', 'create', '--scope', 'raed'], /Did you mean read\?/],
      [['keys', 'create', '--expires-in', '99999999d'], /--expires-in ends after the year 9999/],
      [['keys', 'list'], /There is no data in /],
    ];
    for (const [line, expected] of cases) {
      const { code, stderr } = await callBide([...line, '--data', data]);
      assert.deepEqual([code, expected.test(stderr)], [2, true], stderr);
    }
    assert.equal(existsSync(data), false);
  });
});

describe('bide migrate and doctor', () => {
  test('migrate makes the schema, once, and says so beforehand', async () => {
    const data = newFolder();
    const planned = await callBide(['migrate', '--dry-run', '--json', '--data', data]);
    const plan = JSON.parse(planned.stdout) as { from: number; to: number; applied: readonly string[] };
    assert.equal(plan.from, 0);
    assert.ok(plan.applied.length > 0);
    const { code, stdout } = await callBide(['migrate', '--data', data]);
    assert.deepEqual([code, /schema brought from version 0 to \d+\n$/.test(stdout)], [0, true]);
    assert.match((await callBide(['migrate', '--data', data])).stdout, /^schema version \d+: up to date\n$/);
  });

  test('doctor finds nothing wrong in an empty place, beside a server, and after it', async () => {
    const data = newFolder();
    const empty = await callBide(['doctor', '--data', data]);
    assert.equal(empty.code, 0, empty.stdout);
    const running = await serve(data);
    const beside = await callBide(['doctor', '--data', data]);
    assert.equal(beside.code, 0, beside.stdout);
    assert.match(beside.stdout, /^ok +server +http:\S+ is ready\nok +key +.*\nok +clock +/m);
    await end(running);
    const { ok, checks } = JSON.parse((await callBide(['doctor', '--json', '--data', data])).stdout) as {
      ok: boolean;
      checks: readonly { name: string; message: string }[];
    };
    assert.equal(ok, true);
    assert.match(checks.find(({ name }) => name === 'store')?.message ?? '', /opens, and nobody else has it/);
  });

  test('doctor names programs and data sets of the config that are not there', async () => {
    const config = join(folder, 'types.config.mjs');
    const types = {
      gone: { kind: 'command', program: 'no-such-program' },
      shell: { kind: 'command', program: 'sh' },
      data: { kind: 'sql', datasets: { sales: './no-such.csv' } },
    };
    writeFileSync(config, `export default ${JSON.stringify({ types })};`);
    const { code, stdout } = await callBide(['doctor', '--data', newFolder(), '--config', config]);
    assert.equal(code, 1);
    assert.match(stdout, /^problem {2}type gone +the program no-such-program is in no folder of PATH\n +-> /m);
    assert.match(stdout, /^ok {7}type shell +its program can be found$/m);
    assert.match(stdout, /^problem {2}type data +the data set sales cannot be read: .*no-such\.csv \(ENOENT\)\n +-> /m);
  });

  test('doctor names each problem with what to do, and ends with 1', async () => {
    const data = newFolder();
    const running = await serve(data);
    writeFileSync(join(data, 'admin.key'), 'bide_000000000000_wrong\n', { mode: 0o644 });
    rmSync(join(data, 'admin.key'));
    writeFileSync(join(data, 'admin.key'), 'bide_000000000000_wrong\n', { mode: 0o644 });
    const wrongKey = await callBide(['doctor', '--data', data, '--config', join(folder, 'none.ts')]);
    assert.equal(wrongKey.code, 1);
    assert.match(wrongKey.stdout, /^problem +config +.*none\.ts: there is no such file/m);
    assert.match(wrongKey.stdout, /^problem +admin key +.*\n +-> Run: chmod 600 /m);
    assert.match(wrongKey.stdout, /^problem +key +the server refuses the key.*\n +-> .*bide keys create/m);
    await end(running);
    writeFileSync(join(data, 'bide.db'), 'no database at all, and long enough to tell');
    const damaged = await callBide(['doctor', '--data', data]);
    assert.match(damaged.stdout, /^problem +store +/m);
    const nobody = await callBide(['doctor', '--data', data, '--url', running.url]);
    assert.match(nobody.stdout, /^problem +server +http:\S+ does not answer/m);
  });
});

describe('bide help and version', () => {
  test('help shows every command, each command shows its own, and a wrong word its neighbour', async () => {
    const { stdout } = await bide(['help']);
    const names = [...stdout.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name]) => name ?? '');
    assert.ok(names.includes('serve') && names.includes('doctor'), stdout);
    for (const name of names) {
      const one = await callBide(['help', name]);
      assert.deepEqual([one.code, one.stdout.startsWith(`bide ${name}: `)], [0, true]);
      assert.equal((await callBide([name, '--help'])).stdout, one.stdout);
    }
    assert.equal((await callBide([])).stdout, stdout);
    assert.equal((await callBide(['--help'])).stdout, stdout);
    const wrong = await callBide(['sevre']);
    assert.deepEqual([wrong.code, /did you mean `bide serve`\?/.test(wrong.stderr)], [2, true]);
  });

  test('version says which Bide and which Node', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as JobBody & {
      version: string;
    };
    for (const line of [['version'], ['--version'], ['-v']]) {
      assert.equal((await callBide(line)).stdout, `bide ${version} (Node ${process.versions.node})\n`);
    }
  });
});
