/**
 * A chain and a fan of jobs whose server is killed again and again: all end, and none is begun before its parents have run.
 *
 * The jobs themselves write down when they run, outside of the server's store: a line when one begins, another before it ends.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, createClient, type SubmitBody } from '../../src/client/index.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';

/** Jobs of the chain, and children of the fan. */
const IS_FULL = process.env.BIDE_FAULTS === 'full';
export const JOBS = Number(process.env.BIDE_JOBS ?? (IS_FULL ? 10_000 : 300));
/** Parts of either, after which the server is killed: the first when nothing but the first job has run. */
const KILLED_AT = IS_FULL ? [0, 0.25, 0.5, 0.75] : [0, 0.5];
/** The most parents of a job. */
const PARENTS = 100;

const CONFIG = `
import { appendFileSync } from 'node:fs';
const run = async ({ name }) => {
  appendFileSync('ran.txt', 'begin ' + name + '\\n');
  await null;
  appendFileSync('ran.txt', 'end ' + name + '\\n');
  return name;
};
const retry = { attempts: 100, backoffMs: 10 };
export default {
  limits: { leaseMs: 2_000, sweepIntervalMs: 200 },
  types: { gate: { run, retry }, step: { run, retry, slots: 20 } },
};
`;

export interface AfterScene {
  readonly folder: string;
  /** Of `bide serve`: where the database is. */
  readonly args: readonly string[];
  readonly shape: 'chain' | 'fan';
}

export interface AfterSeen {
  /** Jobs that had begun at each kill. */
  readonly begun: readonly number[];
  readonly ms: number;
}

interface Work {
  readonly name: string;
  readonly id: string;
  readonly after: readonly string[];
}

export async function proveAfter({ folder, args, shape }: AfterScene): Promise<AfterSeen> {
  mkdirSync(folder);
  writeFileSync(join(folder, 'bide.config.mjs'), CONFIG);
  writeFileSync(join(folder, 'ran.txt'), '');
  const options = { data: join(folder, 'data'), cwd: folder, args: ['--config', 'bide.config.mjs', ...args] };
  let works: readonly Work[] = [];
  let startedAt = 0;
  const begun: number[] = [];
  for (const part of KILLED_AT) {
    await using server = await startServer(options);
    const client = clientOf(server);
    if (works.length === 0) {
      await client.pauseType('gate');
      works = await (shape === 'chain' ? chain(client) : fan(client));
      assert.deepEqual(linesOf(folder), [], 'nothing runs before the first');
      startedAt = performance.now();
      await client.resumeType('gate');
    }
    await client.wait(works[Math.floor(JOBS * part)]?.id ?? '');
    await server.end('SIGKILL');
    begun.push(new Set(linesOf(folder).filter((line) => line.startsWith('begin'))).size);
  }
  await using server = await startServer(options);
  const { isSatisfied, jobs } = await clientOf(server).waitMany(works.map(({ id }) => id));
  assert.ok(isSatisfied && jobs.every(({ state }) => state === 'succeeded'));
  provedOrder(works, linesOf(folder));
  assert.ok(
    begun.every((count) => count > 0 && count < works.length),
    `killed in the middle: ${begun}`,
  );
  return { begun, ms: Math.round(performance.now() - startedAt) };
}

function clientOf({ url, key }: ServerProcess): Client {
  return createClient({ url, key });
}

async function chain(client: Client): Promise<readonly Work[]> {
  const works = [await submitted(client, 'gate', [])];
  for (let n = 1; n < JOBS; n += 1) works.push(await submitted(client, 'step', works.slice(-1), n));
  return works;
}

/** All come after the first; and one more after each hundred of them. */
async function fan(client: Client): Promise<readonly Work[]> {
  const gate = await submitted(client, 'gate', []);
  const bodies = Array.from({ length: JOBS }, (_, n): SubmitBody => bodyOf('step', [gate], n + 1));
  const children = (await client.submitMany(bodies)).map(({ job }, n): Work => {
    return { id: job?.id ?? '', name: `step ${n + 1}`, after: [gate.name] };
  });
  const joins: Work[] = [];
  for (let from = 0; from < JOBS; from += PARENTS)
    joins.push(await submitted(client, 'step', children.slice(from, from + PARENTS), JOBS + from + 1));
  return [gate, ...children, ...joins];
}

function bodyOf(type: string, parents: readonly Work[], n = 0): SubmitBody {
  return { type, input: { name: `${type} ${n}` }, after: parents.map(({ id }) => id) };
}

async function submitted(client: Client, type: string, parents: readonly Work[], n = 0): Promise<Work> {
  const { id } = await client.submit(bodyOf(type, parents, n));
  return { id, name: `${type} ${n}`, after: parents.map(({ name }) => name) };
}

const linesOf = (folder: string) => readFileSync(join(folder, 'ran.txt'), 'utf8').split('\n').slice(0, -1);

/** Each began, for the first time, below a line by which all of its parents had run. */
function provedOrder(works: readonly Work[], lines: readonly string[]): void {
  const first = new Map<string, number>();
  for (const [at, line] of lines.entries()) if (!first.has(line)) first.set(line, at);
  for (const { name, after } of works) {
    const began = first.get(`begin ${name}`) ?? -1;
    const ready = Math.max(-1, ...after.map((parent) => first.get(`end ${parent}`) ?? Number.POSITIVE_INFINITY));
    assert.ok(began > ready, `${name} began at line ${began}, its parents had run at ${ready}`);
  }
}
