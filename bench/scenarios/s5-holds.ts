/** S5: many requests are held, jobs are completed one by one; from each completing call to the arrival of its waiter's answer, and what a waiter costs in memory. */
import { once } from 'node:events';
import { join } from 'node:path';
import type { Metrics } from '../report/result.ts';
import { quantile } from '../report/statistics.ts';
import { freshFolder, type RunningChild, removeFolder, startChild } from '../run/children.ts';
import { BENCH } from '../run/peers.ts';
import { inTurns, type Turn } from '../run/rounds.ts';
import type { Arrival, HoldOrder, WaitOrder } from '../servers/hold-messages.ts';
import type { BidePlace } from '../servers/start-server.ts';
import type { Bench, RunScenario } from './scenario.ts';

const PER_SECOND = 1_000;
/** Completed first, and not measured: a process that has just begun has yet to compile its code. */
const WARM_UP_MAX = 1_000;
const READY_MS = 60_000;
/** Until the last request that was written is held: so long for all, and so long for each. */
const SETTLE_MS = 500;
const SETTLE_EACH_MS = 0.15;

interface Size {
  readonly held: number;
  readonly completed: number;
}

type Started = Pick<RunningChild, 'process' | 'ready' | 'end'>;

export const run: RunScenario = async (bench) => {
  const { sizes, note, isSqliteOnly, untilMs } = bench;
  const turns = sizes.holds.flatMap((size): Turn[] => {
    const named = (name: string) => `${name}, ${size.held.toLocaleString('en-US')} held`;
    return [
      { side: named('bare Fastify'), measure: () => measure(size, [['bare', null]]) },
      { side: named('Bide, SQLite'), measure: () => inPlace(null, (place) => measure(size, [['bide', place]])) },
      ...(isSqliteOnly ? [] : [{ side: named('Bide, PostgreSQL'), measure: () => acrossProcesses(bench, size) }]),
    ];
  });
  return inTurns(turns, { rounds: sizes.rounds, untilMs, note });
};

/** One process holds, another completes. */
async function acrossProcesses({ services }: Bench, size: Size): Promise<Metrics> {
  const url = await services.place('postgres');
  return inPlace(url, (place) =>
    inPlace(url, (other) =>
      measure(size, [
        ['bide', place],
        ['bide', other],
      ]),
    ),
  );
}

async function inPlace<T>(url: string | null, work: (place: BidePlace) => Promise<T>): Promise<T> {
  const folder = freshFolder('holds');
  try {
    return await work({ folder, url });
  } finally {
    removeFolder(folder);
  }
}

/** The first of the servers holds, the last completes. */
async function measure(
  { held, completed }: Size,
  kinds: readonly (readonly [string, BidePlace | null])[],
): Promise<Metrics> {
  const started: Started[] = [];
  try {
    for (const [kind, place] of kinds)
      started.push(await startPlayer('hold-server.ts', [kind, JSON.stringify(place)], /"port":(\d+)/));
    const clients = await startPlayer('hold-clients.ts', [], /ready/);
    started.push(clients);
    const [holder, completer] = [started[0] ?? clients, started[kinds.length - 1] ?? clients];
    const paths = (await ask(completer, { kind: 'prepare', count: held })) as readonly string[];
    const before = (await ask(holder, { kind: 'memory' })) as number;
    const wanted = paths.slice(0, completed + Math.min(WARM_UP_MAX, held - completed));
    await ask(clients, { port: Number(holder.ready[1]), paths, awaited: wanted.length });
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS + held * SETTLE_EACH_MS));
    const bytes = ((await ask(holder, { kind: 'memory' })) as number) - before;
    const arrived = answerOf(clients, wanted.length / PER_SECOND);
    const calls = (await ask(completer, {
      kind: 'complete',
      paths: wanted,
      perSecond: PER_SECOND,
    })) as readonly number[];
    const measured = wanted.slice(-completed);
    const delays = delaysOf(measured, calls.slice(-completed), (await arrived) as readonly Arrival[]);
    return { ...delays, bytesEach: bytes / held };
  } finally {
    await Promise.all(started.map(({ end }) => end()));
  }
}

function startPlayer(file: string, args: readonly string[], ready: RegExp): Promise<RunningChild> {
  const command = { program: process.execPath, args: ['--expose-gc', join(BENCH, 'servers', file), ...args] };
  return startChild(command, { ready, deadlineMs: READY_MS, hasChannel: true });
}

async function ask(player: Started, order: HoldOrder | WaitOrder): Promise<unknown> {
  const answer = answerOf(player, 'paths' in order && 'perSecond' in order ? order.paths.length / order.perSecond : 0);
  player.process.send(order);
  return answer;
}

/** Rejects when nothing is said for much longer than it should take. */
async function answerOf(player: Started, seconds: number): Promise<unknown> {
  const signal = AbortSignal.timeout(READY_MS + seconds * 1_000);
  const [{ answer }] = (await once(player.process, 'message', { signal })) as [{ readonly answer: unknown }];
  return answer;
}

function delaysOf(paths: readonly string[], calls: readonly number[], arrivals: readonly Arrival[]): Metrics {
  const bad = arrivals.find(({ status }) => status !== 200);
  if (bad !== undefined) throw new Error(`${bad.path} was answered with ${bad.status}`);
  const calledAt = new Map(paths.map((path, at) => [path, calls[at] ?? Number.NaN]));
  const delays = arrivals.flatMap(({ path, at }) => {
    const from = calledAt.get(path);
    return from === undefined ? [] : [at - from];
  });
  return { p50Ms: quantile(delays, 0.5), p99Ms: quantile(delays, 0.99), maxMs: Math.max(...delays) };
}
