/**
 * The launcher on a Node that is too old. The tests run on a new one that says it is old, but for the child that is started from
 * it: which Node runs makes no difference to what is tested here, the passing on of words, codes and signals.
 */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { BIDE, type CommandOptions, startBide } from '../process/bide-command.ts';
import { callBide } from './call-bide.ts';

const folder = mkdtempSync(join(tmpdir(), 'bide-launcher-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const PRETEND_OLD =
  "data:text/javascript,if(!process.connected)Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.1.0'}})";
const OLD_NODE: CommandOptions = { node: ['--import', PRETEND_OLD] };

describe('bin/bide.js on an old Node', () => {
  test('runs the command on the Node of the package, with its output and its exit code', async () => {
    const version = await startBide(['version', '--json'], OLD_NODE).ended;
    assert.equal(version.code, 0, version.stderr);
    assert.equal((JSON.parse(version.stdout) as { node: string }).node, process.versions.node);
    const wrong = await startBide(['sevre'], OLD_NODE).ended;
    assert.deepEqual([wrong.code, /did you mean/.test(wrong.stderr)], [2, true]);
    const input = await startBide(['submit', 'echo', '-i', '-', '--data', folder], { ...OLD_NODE, input: 'nope' })
      .ended;
    assert.match(input.stderr, /The input from stdin is not JSON/);
  });

  test('passes a signal on, and ends as the server ended', async () => {
    const data = join(folder, 'signals');
    const running = startBide(['serve', '--port', '0', '--data', data], OLD_NODE);
    await running.said(/listening on/);
    const { pid } = JSON.parse(readFileSync(join(data, 'server.json'), 'utf8')) as { pid: number };
    assert.notEqual(pid, running.child.pid);
    running.child.kill('SIGTERM');
    const { code, signal, stderr } = await running.ended;
    assert.deepEqual([code, signal], [0, null], stderr);
    assert.equal(existsSync(join(data, 'server.json')), false);
  });

  test('dies of the signal that its child died of', async () => {
    const data = join(folder, 'killed-child');
    const running = startBide(['serve', '--port', '0', '--data', data], OLD_NODE);
    await running.said(/listening on/);
    const { pid } = JSON.parse(readFileSync(join(data, 'server.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    assert.equal((await running.ended).signal, 'SIGKILL');
  });

  test('leaves no server behind when it is killed', async () => {
    const data = join(folder, 'killed-launcher');
    const running = startBide(['serve', '--port', '0', '--data', data], OLD_NODE);
    await running.said(/listening on/);
    running.child.kill('SIGKILL');
    // `ended` waits for the pipes, which the server shares: it resolves when the last of them has gone.
    assert.equal((await running.ended).signal, 'SIGKILL');
    assert.equal((await callBide(['keys', 'list', '--data', data])).code, 0, 'the folder is free');
  });

  test('says what is missing where there is no newer Node, and where nothing is built', async () => {
    const lonely = join(folder, 'lonely', 'bin');
    mkdirSync(lonely, { recursive: true });
    copyFileSync(BIDE, join(lonely, 'bide.js'));
    writeFileSync(join(folder, 'lonely', 'package.json'), '{"type":"module"}');
    const command = { ...OLD_NODE, launcher: join(lonely, 'bide.js') };
    const old = await startBide(['version'], command).ended;
    assert.deepEqual([old.code, old.stdout], [2, '']);
    assert.match(
      old.stderr,
      /^bide: Node 24 or newer is needed, this is 20\.1\.0\. Install it, or run `npm install node@24`/,
    );
    const unbuilt = await startBide(['version'], { launcher: command.launcher }).ended;
    assert.deepEqual([unbuilt.code, /main\.js is missing: .*npm run build/.test(unbuilt.stderr)], [2, true]);
  });
});
