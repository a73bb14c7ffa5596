/**
 * The image, as far as that goes without an engine: what its file says, and its layers run in a container of our own, as the image's user, on a
 * read-only root. Not proven here: the base image, `npm ci` and `apt-get` of the build, ARM.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ROOT } from '../tidy/tree.ts';
import { readCompose } from './compose-file.ts';
import { type Container, ownedBy, startContainer, whyNoContainer } from './container.ts';
import { layOut, productionPackages, readImage } from './dockerfile.ts';

const folder = mkdtempSync(join(tmpdir(), 'bide-image-'));
const IMAGE = readImage('deploy/Dockerfile');

after(() => rmSync(folder, { recursive: true, force: true }));

describe('the Dockerfile', () => {
  test('builds in stages, runs as a numbered user, stops by signal, and names no architecture', () => {
    assert.equal(IMAGE.stages.length, 2);
    assert.ok(IMAGE.stages.every((stage) => stage.startsWith('node:24-slim')));
    assert.match(IMAGE.last('USER'), /^[1-9]\d*:[1-9]\d*$/);
    assert.doesNotMatch(IMAGE.text, /amd64|arm64|x64|x86|--platform|curl|--playground|latest/);
    assert.deepEqual(IMAGE.list('ENTRYPOINT').slice(0, 3), ['tini', '--', 'node']);
    assert.ok(IMAGE.all('LABEL').join().includes('org.opencontainers.image.version="$VERSION"'));
    assert.deepEqual(
      IMAGE.list('CMD').filter((word) => word.startsWith('/')),
      IMAGE.all('VOLUME'),
    );
  });

  test('needs no package that one of the two architectures lacks', () => {
    const families = new Map<string, Set<string>>();
    for (const [path, { os = [], cpu = [], libc = ['glibc'] }] of productionPackages()) {
      if (!os.includes('linux') || !libc.includes('glibc')) continue;
      const family = path.replace(/-(x64|arm64).*/, '');
      families.set(family, new Set([...(families.get(family) ?? []), ...cpu]));
    }
    assert.deepEqual([...families], [['node_modules/@duckdb/node-bindings-linux', new Set(['arm64', 'x64'])]]);
  });
});

test('the image runs on a read-only root: health, functions, commands, no zombies, and SIGTERM drains', async (t) => {
  const why = whyNoContainer();
  if (why !== null) return t.diagnostic(`${why}: the image's layers were not run.`);
  const [tini, ...command] = IMAGE.list('ENTRYPOINT');
  const hasTini = spawnSync(tini ?? '', ['--version']).error === undefined;
  if (!hasTini) t.diagnostic('tini is not on this machine: Bide itself is process 1, and zombies were not looked for.');
  const port = await freePort();
  await using container = startImage([
    ...(hasTini ? [tini ?? '', '--'] : []),
    ...command.slice(1),
    ...withPort(IMAGE.list('CMD'), port),
  ]);
  await container.saying(/listening on (\S+)/);
  assert.doesNotMatch(container.said(), /warn|EROFS|denied/i);
  assert.deepEqual(await container.exec(withPort(IMAGE.list('HEALTHCHECK'), port)), {
    code: 0,
    output: '',
    errors: '',
  });
  assert.match(
    (await container.exec(['sh', '-c', 'id -u; touch /opt/x /usr/x /config/x 2>&1'])).output,
    /^1000\n(touch: .*Read-only.*\n){3}$/,
  );
  const run = async (type: string, input: unknown) =>
    JSON.parse((await bide(container, 'submit', type, '--input', JSON.stringify(input), '--wait')).output);
  assert.deepEqual(
    await Promise.all([run('double', 21), run('orphan', null), run('query', { query: 'SELECT 7 AS n' })]),
    [42, 1, { columns: ['n'], rows: [[7]], row_count: 1 }],
  );
  if (hasTini) await noZombies(container);
  await worksInCompose(container);
  await drains(container);
});

/** What compose.yaml has the image do besides: the key of the worker, made once, and the worker. */
async function worksInCompose(container: Container): Promise<void> {
  const { services } = readCompose();
  const script = String(services['worker-key']?.entrypoint?.at(-1)).replaceAll(
    '--database-file /secrets/url',
    '--data /data',
  );
  const make = ['sh', '-euc', `${script.replaceAll('/worker/', '/data/')}cat /data/key`];
  const [first, second] = [await container.exec(make), await container.exec(make)];
  assert.match(first.output, /^bide_\w+\n$/);
  assert.deepEqual([first.code, second], [0, { ...first, errors: '' }]);
  const port = /0\.0\.0\.0:(\d+)/.exec(container.said())?.[1];
  const worker = services.worker?.entrypoint?.slice(2) ?? [];
  const working = container.exec(['env', `BIDE_URL=http://127.0.0.1:${port}`, 'BIDE_KEY_FILE=/data/key', ...worker]);
  const counted = await bide(container, 'submit', 'count', '--input', '{"to":2,"pauseMs":1}', '--wait');
  assert.deepEqual(JSON.parse(counted.output), { counted: 2, by: 'javascript' });
  await container.exec([
    'sh',
    '-c',
    'cd /proc; for p in [0-9]*; do if tr "\\0" " " <$p/cmdline | grep -q "^node /opt/bide/worker.js"; then kill $p; fi; done',
  ]);
  assert.deepEqual(await working, { code: 0, output: '', errors: '' });
}

/** The one that is held sees the job succeed, and the process ends by itself. */
async function drains(container: Container): Promise<void> {
  const { output: id } = await bide(container, 'submit', 'slow', '--input', '1500');
  const ending = bide(container, 'wait', id.trim(), '--json');
  await container.saying(/slow has begun/);
  assert.equal(await container.stop(), 0, container.said());
  // Held requests are answered while it drains, unless the wait had not arrived yet.
  const { code, output } = await ending;
  assert.ok(code === 0 ? output.includes('succeeded') : code === 5, output);
  assert.match(container.said(), /slow has ended/);
}

const bide = (container: Container, ...args: string[]) => container.exec(['bide', ...args, '--data', '/data']);

/** An orphan becomes a zombie when it ends, and is one until process 1 asks for it: it may take a moment. */
async function noZombies(container: Container): Promise<void> {
  const look =
    'grep -l "^State:.[ZX]" /proc/[0-9]*/status 2>/dev/null; grep -h "^Name:.sleep" /proc/[0-9]*/status 2>/dev/null; true';
  for (let left = 200; (await container.exec(['sh', '-c', look])).output !== ''; left -= 1)
    assert.ok(left > 0, 'zombies are left');
}

function startImage(command: readonly string[]): Container {
  const layers = join(folder, 'layers');
  layOut(IMAGE, layers);
  cpSync(join(ROOT, 'examples/workers/worker.js'), join(layers, 'opt/bide/worker.js'));
  for (const name of ['data', 'config']) mkdirSync(join(layers, name));
  // As Kubernetes mounts a ConfigMap: links, so that all files change at once.
  const config = join(folder, 'config');
  mkdirSync(join(config, '..1'), { recursive: true });
  writeFileSync(join(config, '..1/bide.config.ts'), CONFIG);
  symlinkSync('..1', join(config, '..data'));
  symlinkSync('..data/bide.config.ts', join(config, 'bide.config.ts'));
  const data = join(folder, 'data');
  ownedBy(data, IMAGE.last('USER'));
  return startContainer({
    ...{ folder, layers, command, user: IMAGE.last('USER'), workdir: IMAGE.last('WORKDIR') },
    runs: IMAGE.all('RUN').filter((run) => !run.startsWith('apt-get')),
    env: Object.fromEntries(IMAGE.all('ENV').map((line) => line.split('=') as [string, string])),
    mounts: { [IMAGE.last('VOLUME')]: `${data}:rw`, [IMAGE.last('WORKDIR')]: config },
  });
}

function withPort(words: readonly string[], port: number): readonly string[] {
  return words.map((word) => word.replaceAll('7070', String(port)));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const CONFIG = `
import { command, defineConfig, remote, sql } from 'bide/config';
export default defineConfig({
  types: {
    double: (input: number) => input * 2,
    orphan: command({ program: 'sh', args: ['-c', '(sleep 0.01 &); (setsid sleep 0.01 &); echo 1'] }),
    query: sql({ datasets: {} }),
    count: remote(),
    slow: async (ms: number) => {
      process.stderr.write('slow has begun\\n');
      await new Promise((resolve) => setTimeout(resolve, ms));
      process.stderr.write('slow has ended\\n');
    },
  },
});
`;
