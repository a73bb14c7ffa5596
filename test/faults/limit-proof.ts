/**
 * Jobs of one key, or of one type that is limited as a whole, on three nodes: never more at once than it has places, however many slots the nodes have; and all end though a node is killed that holds a place.
 *
 * The jobs themselves write down when they run, outside of the store, in one file for all nodes: a line when one begins, another before it ends. What a node was
 * running when it died counts until it is dead: a lease that is lost by a kill gives its place to another, and must not give it to two.
 */
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, createClient, type SubmitBody } from '../../src/client/index.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';
import { until } from './postgres-callers.ts';

export const JOBS = Number(process.env.BIDE_JOBS ?? (process.env.BIDE_FAULTS === 'full' ? 5_000 : 300));
export const PLACES = 3;
const NODES = 3;
const LIMIT = { key: 'customer-42', concurrency: PLACES };
/** Begins, and never ends at its first attempt. */
const STUCK = JOBS / 2;

// With a key the nodes have six slots for three places, and none can take all of them; without one, as many slots as the key has places.
const CONFIG = `
import { appendFileSync, existsSync } from 'node:fs';
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const write = (what, file, name) => appendFileSync(file, [what, name, process.env.NODE_AT, Date.now()].join(' ') + '\\n');
const run = async ({ file, name, isStuck }, { attempt }) => {
  write('begin', file, name);
  while (!existsSync(file + '.go')) await pause(2);
  await pause(isStuck && attempt === 1 ? 600_000 : 2);
  write('end', file, name);
};
const retry = { attempts: 100, backoffMs: 10 };
export default {
  limits: { leaseMs: 4_000, sweepIntervalMs: 200 },
  types: {
    keyed: { run, retry, slots: 2 },
    plain: { run, retry, slots: 1 },
    capped: { run, retry, slots: 2, limit: { concurrency: ${PLACES} } },
  },
};
`;

export interface LimitScene {
  readonly folder: string;
  /** Of `bide serve`: where the database is. */
  readonly args: readonly string[];
}

interface Seen {
  /** The most that ran at once. */
  readonly peak: number;
  readonly byNode: readonly number[];
  /** Jobs in a second, from the first end to the last. */
  readonly rate: number;
  /** Jobs that began more than once. */
  readonly again: number;
}

type Killed = Seen & { readonly lostMs: number };

export interface LimitSeen {
  readonly plain: Seen;
  readonly keyed: Seen;
  readonly killed: Killed;
}

/** Of one key. */
export async function proveLimit(scene: LimitScene): Promise<LimitSeen> {
  await using nodes = await startNodes(scene);
  const { folder } = scene;
  const client = nodes.clientOf(0);
  const plain = await ranAll(client, folder, 'plain');
  const keyed = await ranAll(client, folder, 'keyed');
  for (const { again } of [plain, keyed]) assert.equal(again, 0, 'each began once');
  assert.equal(keyed.peak, PLACES);
  assert.ok(keyed.byNode.filter((count) => count > 0).length > 1, `on more than one node: ${keyed.byNode}`);
  return { plain, keyed, killed: await ranThroughKill(nodes, folder, 'keyed') };
}

/** Of a type as a whole: all of its jobs, whatever key and node. */
export async function proveTypeLimit(scene: LimitScene): Promise<Killed> {
  await using nodes = await startNodes(scene);
  // Awaited here: the nodes end with this function.
  const killed = await ranThroughKill(nodes, scene.folder, 'capped');
  return killed;
}

interface Nodes extends AsyncDisposable {
  readonly servers: readonly ServerProcess[];
  clientOf(at: number): Client;
}

async function startNodes({ folder, args }: LimitScene): Promise<Nodes> {
  writeFileSync(join(folder, 'bide.config.mjs'), CONFIG);
  const stack = new AsyncDisposableStack();
  const servers: ServerProcess[] = [];
  for (let at = 0; at < NODES; at += 1) servers.push(stack.use(await startNode(folder, at, args)));
  // The key is in the folder of the node that came first.
  const key = servers[0]?.key ?? '';
  return {
    servers,
    clientOf: (at) => createClient({ url: servers[at]?.url ?? '', key }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function ranThroughKill({ servers, clientOf }: Nodes, folder: string, type: 'keyed' | 'capped'): Promise<Killed> {
  const file = join(folder, `killed-${type}`);
  writeFileSync(`${file}.go`, '');
  const ids = await submitted(clientOf(0), bodiesOf(type, file, STUCK));
  await until('the job that never ends has begun', async () => beginsOf(file, STUCK).length > 0);
  const victim = beginsOf(file, STUCK)[0]?.node ?? 0;
  await servers[victim]?.end('SIGKILL');
  appendFileSync(file, `dead - ${victim} ${Date.now()}\n`);
  await ended(clientOf((victim + 1) % NODES), ids);
  const killed = seenIn(file);
  assert.ok(killed.peak <= PLACES, `${killed.peak} at once`);
  const dead = linesOf(file).find(({ what }) => what === 'dead')?.at ?? 0;
  const again = beginsOf(file, STUCK).at(-1)?.at ?? 0;
  assert.ok(again > dead, 'what the node was running is run by another');
  return { ...killed, lostMs: again - dead };
}

function startNode(folder: string, at: number, args: readonly string[]): Promise<ServerProcess> {
  const data = join(folder, `node-${at}`);
  mkdirSync(data);
  // A key is written by the first alone, and looked for in each.
  if (at > 0) writeFileSync(join(data, 'admin.key'), '');
  const env = { NODE_AT: String(at) };
  return startServer({ data, cwd: folder, env, args: ['--config', 'bide.config.mjs', ...args] });
}

async function ranAll(client: Client, folder: string, type: 'plain' | 'keyed'): Promise<Seen> {
  const file = join(folder, type);
  const ids = await submitted(client, bodiesOf(type, file));
  // All hold until the places are taken: by then more than one node runs some, however busy the machine is.
  await until('all places are taken', () => linesOf(file).length >= PLACES);
  writeFileSync(`${file}.go`, '');
  await ended(client, ids);
  return seenIn(file);
}

function bodiesOf(type: 'plain' | 'keyed' | 'capped', file: string, stuck = -1): readonly SubmitBody[] {
  writeFileSync(file, '');
  return Array.from({ length: JOBS }, (_, name) => ({
    type,
    input: { file, name, isStuck: name === stuck },
    ...(type === 'keyed' ? { limit: LIMIT } : {}),
  }));
}

async function submitted(client: Client, bodies: readonly SubmitBody[]): Promise<readonly string[]> {
  return (await client.submitMany(bodies)).map(({ job }) => job?.id ?? '');
}

async function ended(client: Client, ids: readonly string[]): Promise<void> {
  const { isSatisfied, jobs } = await client.waitMany(ids);
  assert.ok(isSatisfied && jobs.length === JOBS && jobs.every(({ state }) => state === 'succeeded'));
}

interface Line {
  readonly what: string;
  readonly name: string;
  readonly node: number;
  readonly at: number;
}

/** In the order in which they were written, by whichever node: each is appended by one call. */
function linesOf(file: string): readonly Line[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const [what = '', name = '', node, at] = line.split(' ');
    return { what, name, node: Number(node), at: Number(at) };
  });
}

const beginsOf = (file: string, name: number) =>
  linesOf(file).filter((line) => line.what === 'begin' && line.name === String(name));

function seenIn(file: string): Seen {
  const lines = linesOf(file);
  const running = new Map<string, number>();
  const begun = new Set<string>();
  const byNode = new Array<number>(NODES).fill(0);
  let [peak, again] = [0, 0];
  for (const { what, name, node } of lines) {
    const run = `${name} on ${node}`;
    if (what === 'dead') for (const [other, at] of running) if (at === node) running.delete(other);
    if (what === 'end') assert.ok(running.delete(run), `${run} ends as often as it begins`);
    if (what !== 'begin') continue;
    running.set(run, node);
    byNode[node] = (byNode[node] ?? 0) + 1;
    if (begun.has(name)) again += 1;
    begun.add(name);
    peak = Math.max(peak, running.size);
  }
  assert.deepEqual([begun.size, running.size], [JOBS, 0], 'each began, and ended');
  const ms = (lines.at(-1)?.at ?? 0) - (lines.find(({ what }) => what === 'end')?.at ?? 0);
  return { peak, byNode, rate: (JOBS / ms) * 1_000, again };
}
