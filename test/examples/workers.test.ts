/**
 * The example workers in other languages, each against a real server with the key of a worker: a result with progress, wrong input, a
 * lease that is over before the work is, a cancel, a stop while a job runs. Languages that the machine lacks are named, and left out.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Client, createClient, type JobBody } from '../../src/client/index.ts';
import type { Json } from '../../src/core/job.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';
import { ROOT } from '../tidy/tree.ts';

const folder = mkdtempSync(join(tmpdir(), 'bide-workers-'));
const EXAMPLES = join(ROOT, 'examples/workers');
/** Less than the longest step of a job below: a worker that only reports progress loses its job. */
const LEASE_MS = 1_500;

interface Language {
  readonly name: string;
  /** What its results say. */
  readonly by: string;
  /** Each has to run well. */
  readonly needs: readonly (readonly [string, ...string[]])[];
  readonly command: readonly [string, ...string[]];
  /** Made of the sources, once. */
  readonly build?: readonly [string, ...string[]];
}

const LANGUAGES: readonly Language[] = [
  {
    name: 'bash',
    by: 'bash',
    needs: [
      ['bash', '--version'],
      ['curl', '--version'],
      ['jq', '--version'],
    ],
    command: ['bash', join(EXAMPLES, 'worker.sh')],
  },
  {
    name: 'Go',
    by: 'go',
    needs: [['go', 'version']],
    build: ['go', 'build', '-o', join(folder, 'worker-go'), join(EXAMPLES, 'worker.go')],
    command: [join(folder, 'worker-go')],
  },
  { name: 'JavaScript', by: 'javascript', needs: [], command: [process.execPath, join(EXAMPLES, 'worker.js')] },
  { name: 'PHP', by: 'php', needs: [['php', '--version']], command: ['php', join(EXAMPLES, 'worker.php')] },
  // Without a php.ini, and so without the curl extension.
  {
    name: 'PHP with its own streams',
    by: 'php',
    needs: [['php', '--version']],
    command: ['php', '-n', join(EXAMPLES, 'worker.php')],
  },
];

let server: ServerProcess;

before(async () => {
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/bide'));
  cpSync(join(EXAMPLES, 'bide.config.ts'), join(folder, 'bide.config.ts'));
  server = await startServer({ data: join(folder, 'data'), cwd: folder });
});

after(async () => {
  await server.end('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

describe('the example workers', { concurrency: true }, () => {
  for (const language of LANGUAGES) {
    test(`worker in ${language.name}: results, progress, failures, leases, cancels and a stop`, async (t) => {
      const missing = language.needs.find(([program, ...args]) => spawnSync(program, args).status !== 0);
      if (missing !== undefined) return t.diagnostic(`${missing[0]} is not on this machine: not run.`);
      await prove(language);
    });
  }
});

async function prove(language: Language): Promise<void> {
  // A tenant of its own: it gets no job of the others.
  const tenant = language.name.toLowerCase().replaceAll(' ', '-');
  const admin = createClient({ url: server.url, key: server.key });
  const [{ key }, { key: workKey }] = await Promise.all([
    admin.keys.create({ name: 'caller', tenant, scopes: ['submit', 'read'] }),
    admin.keys.create({ name: 'worker', tenant, scopes: ['work'] }),
  ]);
  const client = createClient({ url: server.url, key });
  if (language.build !== undefined) await built(language.build);
  await proveRefusal(language, key);
  const worker = start(language, workKey);
  try {
    await proveWork(client, language.by);
    await proveCancel(client);
    await proveStop(client, worker);
  } catch (error) {
    throw new Error(`The worker said:\n${worker.said()}`, { cause: error });
  } finally {
    worker.child.kill('SIGKILL');
  }
}

/** A key that may not work: trying again would change nothing, so it ends and says why. */
async function proveRefusal(language: Language, key: string): Promise<void> {
  const worker = start(language, key);
  const [code] = await worker.ended;
  assert.equal(code, 1, worker.said());
  assert.match(worker.said(), /SCOPE|scope/);
}

/** The last one takes longer than its lease, without a word of progress. */
async function proveWork(client: Client, by: string): Promise<void> {
  const done = await finished(client, { to: 3, pauseMs: 10, note: 'é "quoted" $HOME' });
  assert.deepEqual([done.state, done.result], ['succeeded', { counted: 3, by }]);
  const wrong = await finished(client, { to: 'far' });
  assert.deepEqual([wrong.state, wrong.attempt, wrong.error?.code], ['failed', 1, 'WORK_FAILED']);
  assert.match(wrong.error?.message ?? '', /"to" must be a whole number/);
  const long = await finished(client, { to: 1, pauseMs: 2 * LEASE_MS });
  assert.deepEqual([long.state, long.attempt, long.result], ['succeeded', 1, { counted: 1, by }]);
}

async function finished(client: Client, input: Json): Promise<JobBody> {
  const { id } = await client.submit({ type: 'count', input });
  return (await client.wait(id)).job;
}

async function proveCancel(client: Client): Promise<void> {
  const { id } = await client.submit({ type: 'count', input: { to: 50, pauseMs: 1_000 } });
  assert.equal(await working(client, id), '1 of 50');
  await client.cancel(id);
  assert.equal((await client.wait(id, { timeoutMs: 30_000 })).job.state, 'cancelled');
}

async function proveStop(client: Client, worker: Started): Promise<void> {
  const { id } = await client.submit({ type: 'count', input: { to: 10, pauseMs: 50 } });
  const later = await client.submit({ type: 'count', input: { to: 1 } });
  await working(client, id);
  worker.child.kill('SIGTERM');
  const [code, signal] = await worker.ended;
  assert.deepEqual([code, signal, worker.said()], [0, null, '']);
  assert.deepEqual([(await client.get(id)).state, (await client.get(id)).attempt], ['succeeded', 1]);
  assert.ok(['queued', 'succeeded'].includes((await client.get(later.id)).state));
}

/** What it says first of how far it is. */
async function working(client: Client, id: string): Promise<string | null> {
  for await (const { progress } of client.events(id)) if (progress.percent > 0) return progress.message;
  return assert.fail('It ended without a word of progress.');
}

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<readonly [number | null, NodeJS.Signals | null]>;
  said(): string;
}

function start({ command: [program, ...args] }: Language, key: string): Started {
  const child = spawn(program, args, {
    env: { ...process.env, BIDE_URL: server.url, BIDE_KEY: key, BIDE_LEASE_MS: String(LEASE_MS) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  const ended = once(child, 'close').then(([code, signal]) => [code, signal] as const);
  return { child, ended, said: () => said };
}

async function built([program, ...args]: readonly [string, ...string[]]): Promise<void> {
  const child = spawn(program, args, { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
}
