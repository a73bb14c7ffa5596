/**
 * S7: all kinds of calls at once on one server. First as fast as they are answered, for the maximum; then for minutes at 70 % of it, each call due
 * at its time whether or not earlier ones have been answered, so that a stall is felt by all that come due in it.
 */
import type { Metrics, Row } from '../report/result.ts';
import { quantile } from '../report/statistics.ts';
import { freshFolder } from '../run/children.ts';
import { type BideServer, startBide } from '../servers/start-server.ts';
import { callBide } from './call-bide.ts';
import type { RunScenario } from './scenario.ts';

const SHARE = 0.7;
const CALLERS = 64;
/** Of the mixed load's time, for finding the maximum; the first half warms up. */
const MAXIMUM_SHARE = 0.12;
const MAXIMUM_MS_MIN = 2_000;
const RECENT_MAX = 10_000;
/** More than these unanswered, and the server is lost. */
const OPEN_MAX = 20_000;
const LAST_MS = 60_000;

interface Body {
  readonly id: string;
  readonly state: string;
  readonly fence: number;
  readonly jobs: readonly Body[];
}

interface Tally {
  readonly times: number[];
  errors: number;
}

type Kind = 'submit' | 'read' | 'wait' | 'list' | 'work';

/** How often each comes, in hundredths. */
const MIX: readonly (readonly [Kind, number])[] = [
  ['submit', 35],
  ['read', 40],
  ['wait', 15],
  ['list', 2],
  ['work', 8],
];

export const run: RunScenario = async ({ services, sizes, isSqliteOnly, note }) => {
  const rows: Row[] = [];
  for (const engine of isSqliteOnly ? ['SQLite'] : ['SQLite', 'PostgreSQL']) {
    const url = engine === 'SQLite' ? null : await services.place('postgres');
    const server = await startBide({ folder: freshFolder('mixed'), url }, services);
    try {
      rows.push(...(await mixed(`Bide, ${engine}`, server, { ms: sizes.mixedMs, note })));
    } finally {
      await server.end();
    }
  }
  return rows;
};

async function mixed(
  name: string,
  server: BideServer,
  { ms, note }: { ms: number; note: (text: string) => void },
): Promise<Row[]> {
  const play = callsOf(server);
  const maximum = await maximumOf(play, Math.max(MAXIMUM_MS_MIN, ms * MAXIMUM_SHARE));
  note(`${name}: at most ${Math.round(maximum)} calls a second`);
  const { tallies, rate } = await steadily(play, maximum * SHARE, ms);
  const row = (kind: string, tally: Tally, seconds: number): Row => ({
    side: `${name}: ${kind}`,
    samples: [sampleOf(tally, seconds)],
  });
  const all: Tally = { times: [], errors: 0 };
  for (const { times, errors } of tallies.values()) {
    for (const time of times) all.times.push(time);
    all.errors += errors;
  }
  return [
    { side: `${name}: maximum`, samples: [{ rate: maximum }] },
    { side: `${name}: all calls`, samples: [{ ...sampleOf(all, ms / 1_000), rate }] },
    ...[...tallies].map(([kind, tally]) => row(kind, tally, ms / 1_000)),
  ];
}

function callsOf(server: BideServer): Readonly<Record<Kind, () => Promise<unknown>>> {
  const recent: string[] = [];
  let turn = 0;
  const submit = async (type: string, query = '') => {
    const { id, state } = await callBide<Body>(server, 'POST', `/v1/jobs${query}`, {
      type,
      input: { text: 'x'.repeat(200) },
    });
    recent.push(id);
    // Told before it was done, though it does nothing: somebody forgot to wake its caller.
    if (query !== '' && state !== 'succeeded') throw new Error(`a wait ended with ${state}`);
    if (recent.length > RECENT_MAX) recent.splice(0, RECENT_MAX / 2);
  };
  return {
    submit() {
      turn += 1;
      return submit(turn % 4 === 0 ? 'parcel' : 'noop');
    },
    read: async () => {
      const id = recent[Math.floor(Math.random() * recent.length)];
      return id === undefined ? submit('noop') : callBide(server, 'GET', `/v1/jobs/${id}`);
    },
    wait: () => submit('noop', '?wait=30'),
    list: () => callBide(server, 'GET', '/v1/jobs?limit=50'),
    async work() {
      const { jobs } = await callBide<Body>(server, 'POST', '/v1/work/claim', { types: ['parcel'], max: 2 });
      await Promise.all(
        jobs.map(({ id, fence }) => callBide(server, 'POST', `/v1/work/${id}/succeed`, { fence, result: 1 })),
      );
    },
  };
}

/** Calls a second of callers that each call again as soon as they are answered. */
async function maximumOf(play: ReturnType<typeof callsOf>, ms: number): Promise<number> {
  const until = performance.now() + ms;
  const half = performance.now() + ms / 2;
  let counted = 0;
  const caller = async () => {
    while (performance.now() < until) {
      await play[someKind()]();
      if (performance.now() > half) counted += 1;
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return (counted * 1_000) / (performance.now() - half);
}

interface Steady {
  readonly tallies: ReadonlyMap<Kind, Tally>;
  readonly rate: number;
}

/** Calls due at an even pace. Resolves when the last has been answered. */
async function steadily(play: ReturnType<typeof callsOf>, perSecond: number, ms: number): Promise<Steady> {
  const tallies = new Map(MIX.map(([kind]) => [kind, { times: [], errors: 0 } as Tally]));
  const startedAt = performance.now();
  const total = Math.floor((perSecond * ms) / 1_000);
  let due = 0;
  let open = 0;
  const one = async (kind: Kind, dueAt: number) => {
    const tally = tallies.get(kind) as Tally;
    open += 1;
    await play[kind]().then(
      () => tally.times.push(performance.now() - dueAt),
      () => {
        tally.errors += 1;
      },
    );
    open -= 1;
  };
  while (due < total) {
    const now = performance.now() - startedAt;
    for (; due < total && (due * 1_000) / perSecond <= now; due += 1) {
      if (open > OPEN_MAX) throw new Error(`${open} calls are unanswered`);
      void one(someKind(), startedAt + (due * 1_000) / perSecond);
    }
    await pause(1);
  }
  const rate = (total * 1_000) / (performance.now() - startedAt);
  for (const until = performance.now() + LAST_MS; open > 0 && performance.now() < until; ) await pause(10);
  if (open > 0) throw new Error(`${open} calls were never answered`);
  return { tallies, rate };
}

function someKind(): Kind {
  let left = Math.random() * 100;
  for (const [kind, share] of MIX) {
    left -= share;
    if (left < 0) return kind;
  }
  return 'read';
}

function sampleOf({ times, errors }: Tally, seconds: number): Metrics {
  const at = (share: number) => quantile(times, share);
  return { rate: times.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), maxMs: at(1), errors };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
