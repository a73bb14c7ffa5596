/**
 * The Python client: its package is built and installed into a fresh environment, and its own tests run there, against a server of the checkout.
 *
 * The standard library of Python is all that they need, pip included: no index is asked for the package. What comes from one (httpx2) is tried where it is in
 * reach, and the run says what it could not show.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { ROOT, readTree } from './tidy/tree.ts';

const run = promisify(execFile);
const CLIENT = join(ROOT, 'clients/python');
const folder = mkdtempSync(join(tmpdir(), 'bide-python-test-'));
const tools = join(folder, 'tools');
const installed = join(folder, 'installed');
const PYTHONS = ['python3', 'python'];
const JOBS = 'tests.test_client.Jobs.test_a_';
/** One whole run of the tests; they wait for nothing longer than a minute. */
const RUN_MS_MAX = 300_000;

let python: string | null = null;
let hasWheel = false;

before(async () => {
  for (const name of PYTHONS) if (python === null && (await isNewEnough(name))) python = name;
});

after(() => rmSync(folder, { recursive: true, force: true }));

describe('the Python client', () => {
  test('is installed by pip without an index from a folder that stays as it is, and is built as an sdist, complete and with its types', async (t) => {
    if (python === null) return without(t, 'no Python from 3.10 on');
    if (!(await hasPip(python))) return without(t, 'pip');
    const copy = join(folder, 'copy');
    cpSync(CLIENT, copy, { recursive: true, filter: (path) => !/__pycache__|\.mypy_cache|\.ruff_cache/.test(path) });
    const before = readdirSync(copy, { recursive: true }).sort();
    const dist = join(folder, 'dist');
    mkdirSync(dist);
    const build = `from wheel_backend import build_sdist; print(build_sdist(${JSON.stringify(dist)}))`;
    await run(python, ['-B', '-c', build], { cwd: copy });
    await pip('install', '--no-index', '--target', installed, copy);
    assert.deepEqual(readdirSync(copy, { recursive: true }).sort(), before);
    const [sdist = ''] = readdirSync(dist);
    assert.match(sdist, /^bide-[\d.]+\.tar\.gz$/);
    const fromSdist = join(folder, 'from-sdist');
    await pip('install', '--no-index', '--target', fromSdist, join(dist, sdist));
    const sources = Object.keys(
      Object.fromEntries(readTree('clients/python/src/*.py', 'clients/python/src/*py.typed')),
    ).map((path) => path.slice('clients/python/src/'.length));
    assert.ok(sources.length > 40);
    for (const place of [installed, fromSdist]) {
      const there = new Set(readdirSync(place, { recursive: true, encoding: 'utf8' }));
      assert.deepEqual(
        sources.filter((path) => !there.has(path)),
        [],
      );
    }
    hasWheel = true;
  });

  test('passes its own tests, with nothing but the standard library', async (t) => {
    if (python === null) return without(t, 'no Python from 3.10 on');
    if (!hasWheel) without(t, 'a wheel: the tests run on the sources');
    await unittest(t, ['discover', '-s', 'tests', '-t', '.'], 'standard');
  });

  test('passes the tests of its requests over httpx2', async (t) => {
    if (python === null) return without(t, 'no Python from 3.10 on');
    const fetched = await pip('install', '--target', tools, 'httpx2>=2.13').catch(() => null);
    if (fetched === null) return without(t, 'httpx2, and no index to get it from');
    await unittest(
      t,
      [
        'tests.test_transport',
        'tests.test_client.AsyncJobs',
        `${JOBS}fork_uses_the_client_of_its_parent_without_its_connections`,
      ],
      'httpx2',
    );
  });
});

async function hasPip(name: string): Promise<boolean> {
  return await run(name, ['-m', 'pip', '--version']).then(
    () => true,
    () => false,
  );
}

/** Said in the output: what this machine could not show. */
function without(t: TestContext, what: string): void {
  t.diagnostic(`not shown here: ${what}`);
}

async function isNewEnough(name: string): Promise<boolean> {
  const { stdout } = await run(name, ['-c', 'import sys; print(sys.version_info >= (3, 10))']).catch(() => ({
    stdout: '',
  }));
  return stdout.trim() === 'True';
}

async function pip(...args: readonly string[]) {
  const quick = ['--quiet', '--disable-pip-version-check', '--no-input', '--retries', '0', '--timeout', '10'];
  return run(python ?? '', ['-m', 'pip', ...args, ...quick], { timeout: 120_000 });
}

/** The last line that it prints says how many there were. */
async function unittest(t: TestContext, tests: readonly string[], transport: 'standard' | 'httpx2'): Promise<void> {
  const path = [hasWheel ? installed : join(CLIENT, 'src'), ...(transport === 'httpx2' ? [tools] : [])];
  const command = JSON.stringify([process.execPath, join(ROOT, 'bin/bide.js')]);
  const env = { ...process.env, PYTHONPATH: path.join(':'), PYTHONDONTWRITEBYTECODE: '1', PYTHONUTF8: '1' };
  const child = spawn(python ?? '', ['-m', 'unittest', ...tests], {
    cwd: CLIENT,
    env: { ...env, BIDE_TEST_TRANSPORT: transport, BIDE_TEST_COMMAND: command },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    timeout: RUN_MS_MAX,
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (printed += chunk));
  const [code] = await once(child, 'close');
  try {
    process.kill(-(child.pid ?? 0), 'SIGKILL');
  } catch {
    // Nothing of it is left, as it should be.
  }
  assert.equal(code, 0, printed);
  t.diagnostic(`${transport}: ${/Ran \d+ tests in .*/.exec(printed)?.[0]}`);
}
