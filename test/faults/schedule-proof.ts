/**
 * The proof of schedules: one that ticks each second, while the nodes that look at it are killed and started again, each with a clock of its own.
 *
 * As many jobs as there were seconds, one for each: none twice, none left out.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createClient, type JobBody } from '../../src/client/index.ts';
import { seededChance } from '../process/seeded.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';
import { pause, until } from './postgres-callers.ts';

const SECOND = 1_000;
/** Between two kills, on the average. */
const APART_MS = 2_500;

const CONFIG = `
export default {
  limits: { leaseMs: 2000, sweepIntervalMs: 200 },
  types: { tick: { slots: 20, retry: { attempts: 100, backoffMs: 10 }, run: () => 1 } },
};
`;

/** The steady counter goes on: leases and timers are of this process. */
const CLOCK = `
const { now } = Date;
Date.now = () => now() + Number(process.env.CLOCK_AHEAD_MS);
globalThis.Date = class extends Date { constructor(...from) { from.length ? super(...from) : super(Date.now()); } };
`;

export interface ScheduleProof {
  readonly seconds: number;
  /** A node for each: what its clock is ahead by. */
  readonly aheadMs: readonly number[];
  /** Of `bide serve`: where the database is. */
  readonly args: readonly string[];
}

export async function proveSchedules(t: TestContext, { seconds, aheadMs, args }: ScheduleProof): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bide-ticks-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'bide.config.mjs'), CONFIG);
  writeFileSync(join(folder, 'clock.mjs'), CLOCK);
  const start = (at: number) => startNode(folder, { at, aheadMs: aheadMs[at] ?? 0, args });
  const nodes: ServerProcess[] = [await start(0)];
  t.after(() => Promise.all(nodes.map((node) => node.end('SIGKILL'))));
  // The key is in the folder of the node that came first.
  const { key } = nodes[0] as ServerProcess;
  for (let at = 1; at < aheadMs.length; at += 1) nodes.push(await start(at));

  const startAt = Math.ceil(Date.now() / SECOND) * SECOND + SECOND;
  const endAt = startAt + seconds * SECOND;
  await put(nodes[0] as ServerProcess, key, { startAt, endAt });
  const chance = seededChance();
  let kills = 0;
  while (Date.now() < endAt) {
    await pause(chance.between(APART_MS / 2, APART_MS * 1.5));
    const at = chance.between(0, nodes.length - 1);
    await (nodes[at] as ServerProcess).end('SIGKILL');
    nodes[at] = await start(at);
    kills += 1;
  }
  const jobs = await settled(nodes[0] as ServerProcess, key, seconds);
  const ticks = jobs.map(({ schedule }) => Date.parse(schedule?.tick ?? ''));
  const wanted = Array.from({ length: seconds }, (_, at) => startAt + at * SECOND);
  const late = jobs.map(({ createdAt }, at) => Date.parse(createdAt) - (ticks[at] ?? 0)).sort((a, b) => a - b);
  t.diagnostic(
    `${seconds} ticks, ${jobs.length} jobs, ${new Set(ticks).size} different ticks; ${aheadMs.length} nodes, clocks ahead by ${aheadMs.join(', ')} ms, ` +
      `${kills} kills; late p50 ${late[Math.floor(late.length / 2)]} ms, most ${late.at(-1)} ms; seed ${chance.seed}`,
  );
  assert.deepEqual(
    [...ticks].sort((a, b) => a - b),
    wanted,
    `seed ${chance.seed}`,
  );
}

interface Node {
  readonly at: number;
  readonly aheadMs: number;
  readonly args: readonly string[];
}

function startNode(folder: string, { at, aheadMs, args }: Node): Promise<ServerProcess> {
  const data = join(folder, `node-${at}`);
  mkdirSync(data, { recursive: true });
  // A key is written by the first alone, and looked for in each.
  if (at > 0) writeFileSync(join(data, 'admin.key'), '');
  const env = { NODE_OPTIONS: `--import=${join(folder, 'clock.mjs')}`, CLOCK_AHEAD_MS: String(aheadMs) };
  return startServer({ data, cwd: folder, env, args: ['--config', 'bide.config.mjs', ...args] });
}

async function put(
  { url }: ServerProcess,
  key: string,
  { startAt, endAt }: { readonly startAt: number; readonly endAt: number },
): Promise<void> {
  const times = { startAt: new Date(startAt).toISOString(), endAt: new Date(endAt).toISOString() };
  const response = await fetch(`${url}/v1/schedules/tick`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ cron: '* * * * * *', timeZone: 'Europe/Berlin', ...times, job: { type: 'tick' } }),
  });
  assert.equal(response.status, 201, await response.text());
}

/** All jobs there are, once the last tick was decided on and every job is over. */
async function settled({ url }: ServerProcess, key: string, seconds: number): Promise<readonly JobBody[]> {
  const client = createClient({ url, key });
  let jobs: JobBody[] = [];
  await until('the last tick has its job, and all are over', async () => {
    jobs = [];
    for await (const job of client.list()) jobs.push(job);
    return jobs.length >= seconds && jobs.every(({ state }) => state === 'succeeded');
  });
  return jobs;
}
