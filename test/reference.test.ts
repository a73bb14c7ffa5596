/**
 * The examples of the API's reference (`docs/reference/api/`) send what they say: each is run, in curl, TypeScript and Python, against a server that
 * writes down what comes and answers as the examples do. What has to come is what `test/http/native-examples.test.ts` sends to a real one.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { fencesOf } from './process/doc-fences.ts';
import { listTree, ROOT, readTree } from './tidy/tree.ts';

const run = promisify(execFile);
const FOLDER = 'docs/reference/api/';
const PROGRAM_MS_MAX = 120_000;

interface Example {
  readonly path: string;
  readonly body?: unknown;
  readonly answers: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
const EXAMPLES = JSON.parse(
  readFileSync(join(ROOT, 'src/dialects/native/openapi/examples.snap.json'), 'utf8'),
) as Readonly<Record<string, Example>>;

interface Shown {
  readonly id: string;
  readonly method: string;
  readonly sh: string;
  readonly ts: string | null;
  readonly python: string | null;
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: unknown;
}

const shown = listTree(`${FOLDER}*.md`).flatMap(shownOn);
const folder = mkdtempSync(join(tmpdir(), 'bide-reference-'));
const received = new Map<string, Request[]>();
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  // The first part of the path says whose example it is.
  const [, id = '', ...rest] = (request.url ?? '').split('/');
  const url = new URL(`/${rest.join('/')}`, 'http://host');
  const text = Buffer.concat(chunks).toString();
  const body = text === '' ? undefined : (JSON.parse(text) as unknown);
  const known = received.get(id) ?? [];
  received.set(id, [...known, { method: String(request.method), path: url.pathname, query: wordsOf(url), body }]);
  const [status, type, answer] = answerOf(id, known.length);
  response.writeHead(status, { 'content-type': type }).end(answer);
});

before(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/bide'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
});

after(async () => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the examples of the reference', () => {
  test('are there for every call, and in TypeScript for all that its client can', () => {
    const ids = shown.map(({ id }) => id);
    const missing = Object.keys(EXAMPLES).filter((id) => !ids.includes(id));
    assert.deepEqual(missing, []);
    const without = shown.filter(({ ts }) => ts === null).map(({ id }) => id);
    assert.deepEqual(without.sort(), ['getHealth', 'getJobDelivery', 'getMetrics', 'getReadiness']);
  });

  test('in curl send what was sent to a real server', async () => {
    const blocks = shown.map(({ id, sh }) => `BIDE_URL="$ROOT/${id}"\n${sh}`);
    await perform('sh', ['-eu', '-c', blocks.join('\n')]);
    assert.deepEqual(shown.map(sentBy), shown.map(asked));
  });

  test('in TypeScript type-check, and send the same', async () => {
    const calls = shown.flatMap(({ id, ts }) => (ts === null ? [] : [typeScriptCall(id, ts)]));
    const head = `import { createClient } from 'bide/client';\n`;
    writeFileSync(join(folder, 'calls.ts'), `${head}${calls.join('\n')}`);
    const compilerOptions = { types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')], noUnusedLocals: false };
    const tsconfig = { extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: [], files: ['calls.ts'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
    await perform(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder, '--singleThreaded']);
    await perform(process.execPath, ['calls.ts']);
    const some = shown.filter(({ ts }) => ts !== null);
    assert.deepEqual(some.map(sentBy).map(loosely), some.map(asked).map(loosely));
  });

  test('in Python send the same', async (t) => {
    const version = await run('python3', ['-c', 'import sys; print(sys.version_info >= (3, 10))']).catch(() => null);
    if (version?.stdout.trim() !== 'True') return t.diagnostic('no Python from 3.10 on: its examples are not run');
    const some = shown.filter(({ python }) => python !== null);
    const calls = some.map(({ id, python }) => pythonCall(id, String(python)));
    writeFileSync(join(folder, 'calls.py'), `import os\nfrom bide import Client\n\n${calls.join('\n')}`);
    await perform('python3', ['calls.py']);
    assert.deepEqual(some.map(sentBy).map(loosely), some.map(asked).map(loosely));
  });
});

function shownOn(path: string): readonly Shown[] {
  const fences = fencesOf(path).filter(({ kind }) => kind === 'recipe');
  const lines = (readTree(path).get(path) ?? '').split('\n');
  return lines.flatMap((line, index) => {
    const [, method = '', id = ''] = /^`([A-Z]+) \S+` · `(\w+)`$/.exec(line) ?? [];
    if (id === '') return [];
    const end = lines.findIndex((later, at) => at > index && later.startsWith('## '));
    const own = fences.filter(({ at }) => isBetween(Number(at.split(':')[1]), index, end === -1 ? lines.length : end));
    const of = (language: string) => own.find((fence) => fence.language === language)?.text ?? null;
    return [{ id, method, sh: of('sh') ?? assert.fail(`${id} has no curl`), ts: of('ts'), python: of('python') }];
  });
}

function isBetween(value: number, from: number, to: number): boolean {
  return value > from && value <= to;
}

function typeScriptCall(id: string, text: string): string {
  return `{\nconst client = createClient({ url: \`\${process.env.ROOT}/${id}\`, key: 'key' });\n${text}}`;
}

function pythonCall(id: string, text: string): string {
  return `client = Client(os.environ["ROOT"] + "/${id}", "key", tries=1)\n${text}`;
}

async function perform(command: string, args: readonly string[]): Promise<void> {
  received.clear();
  const env = {
    ...process.env,
    ROOT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    BIDE_KEY: 'key',
    PYTHONPATH: join(ROOT, 'clients/python/src'),
    PYTHONDONTWRITEBYTECODE: '1',
  };
  await run(command, [...args], { cwd: folder, env, timeout: PROGRAM_MS_MAX, maxBuffer: 16_000_000 }).catch(
    ({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }) => assert.fail(`${stdout}\n${stderr}`),
  );
}

function sentBy({ id }: Shown) {
  return { id, ...received.get(id)?.[0] };
}

function asked({ id, method }: Shown) {
  const example = EXAMPLES[id];
  const url = new URL(example?.path ?? EVENTS[id] ?? `/${id}`, 'http://host');
  return { id, method, path: url.pathname, query: wordsOf(url), body: example?.body };
}

/** Calls that answer no JSON, and so are in no story. */
const EVENTS: Readonly<Record<string, string>> = {
  followJob: '/v1/jobs/019c13ec-aa80-7000-8000-000000000002/events',
  followGroup: '/v1/groups/019c13ec-aa80-7000-8000-000000000010/events',
  getMetrics: '/metrics',
};

/** Clients choose for themselves how long they are held, how large a page is and what keeps a call from being made twice; each writes times and lists of one in its own way. */
function loosely({ id, method, path, query = '', body }: Partial<Request> & { readonly id: string }) {
  const words = query.split('&').filter((word) => !/^(wait|limit|after|total|lastEventId)=/.test(word));
  const { timeout: _, wait: __, filter, ...rest } = { ...(body as object | undefined) } as Record<string, unknown>;
  const lists = Object.entries((filter ?? {}) as object).map(([name, value]) => [name, [value].flat()]);
  const isLeftOut = (name: string, value: unknown) => name === 'idempotencyKey' || value === null;
  const text = JSON.stringify({ ...rest, filter: Object.fromEntries(lists) }, (name, value: unknown) =>
    isLeftOut(name, value) ? undefined : value,
  ).replaceAll(/(:\d\d)\.000Z/g, '$1Z');
  return { id, method, path, query: words.join('&'), body: JSON.parse(text) as unknown };
}

function wordsOf(url: URL): string {
  return [...url.searchParams]
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('&');
}

/** As the example says. A list has one page, since there is one. */
function answerOf(id: string, before: number): readonly [number, string, string] {
  const [[status, answer] = ['204', null]] = Object.entries(EXAMPLES[id]?.answers ?? {});
  if (id === 'followJob')
    return [
      200,
      'text/event-stream',
      eventOf('job', { ...EXAMPLES.getJob?.answers['200'], state: 'succeeded', finishedAt: '2026-01-31T12:00:00Z' }),
    ];
  if (id === 'followGroup')
    return [
      200,
      'text/event-stream',
      eventOf('group', { ...EXAMPLES.getGroup?.answers['200'], finishedAt: '2026-01-31T12:00:00Z', state: 'finished' }),
    ];
  if (answer === null) return [204, 'text/plain', ''];
  const page = typeof answer.next === 'string' ? { ...answer, next: null } : answer;
  return [
    Number(status),
    'application/json',
    JSON.stringify(before > 0 && 'done' in page ? { ...page, done: true } : page),
  ];
}

function eventOf(name: string, data: object): string {
  return `event: ${name}\nid: 9\ndata: ${JSON.stringify(data)}\n\n`;
}
