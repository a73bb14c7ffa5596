/**
 * Plays one role of one side, in a process of its own, under Node or Bun: `play.ts FILE MODE ROLE AMOUNT PLACE`. The answer is the last
 * line of stdout, a JSON object of numbers.
 *
 *   fill        stores so many no-op jobs, by whatever is fastest; not measured
 *   burn        from the start of one worker until every job is recorded as done
 *   submit      64 callers, one job per call, each awaits that its job is stored
 *   roundTrips  one caller: submits a job, waits for its outcome, submits the next
 *
 * Times begin when the side is open. How far the records are is asked only after the last handler call, so that asking costs nothing before.
 */
import { quantile } from '../report/statistics.ts';
import type { OpenSide, Place, QueueSide, Role } from './side.ts';

const CALLERS = 64;
/** Between two looks at the records after the last handler call. */
const LOOK_MS = 5;
const WARM_UP_TRIPS = 20;
/** Between two trips: what was submitted before has been worked off, and the system rests again. */
const REST_MS = 10;

type Answer = Readonly<Record<string, number>>;

const ROLES: Readonly<Record<Role, (side: QueueSide, amount: number) => Promise<Answer>>> = {
  async fill(side, jobs) {
    await side.fill(jobs);
    return {};
  },

  async burn(side, jobs) {
    const handled = Promise.withResolvers<void>();
    let calls = 0;
    const spent = stopwatch();
    await side.work(() => {
      calls += 1;
      if (calls === jobs) handled.resolve();
    });
    await handled.promise;
    while ((await side.unfinished()) > 0) await pause(LOOK_MS);
    return rated(spent(), jobs);
  },

  async submit(side, jobs) {
    await Promise.all(Array.from({ length: CALLERS }, () => side.submit()));
    const times: number[] = [];
    let left = jobs;
    const caller = async () => {
      while (left > 0) {
        left -= 1;
        times.push(await msOf(side.submit));
      }
    };
    const spent = stopwatch();
    await Promise.all(Array.from({ length: CALLERS }, caller));
    return { ...rated(spent(), jobs), ...timesOf(times) };
  },

  async roundTrips(side, trips) {
    const { roundTrip } = side;
    if (roundTrip === undefined) throw new Error('This side has no way to wait for a job.');
    await side.work(() => {});
    // A side that polls makes seconds of its warm-up.
    const warmUp = Math.min(WARM_UP_TRIPS, Math.floor(trips / 2));
    const times: number[] = [];
    for (let trip = -warmUp; trip < trips; trip += 1) {
      const ms = await msOf(roundTrip);
      if (trip >= 0) times.push(ms);
      await pause(REST_MS);
    }
    return timesOf(times);
  },
};

interface Spent {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** From now on: wall clock, and CPU time of this process. */
function stopwatch(): () => Spent {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { seconds: (performance.now() - startedAt) / 1_000, cpuSeconds: (user + system) / 1_000_000 };
  };
}

function rated({ seconds, cpuSeconds }: Spent, jobs: number): Answer {
  return { jobs, seconds, rate: jobs / seconds, cpuUs: (cpuSeconds * 1_000_000) / jobs };
}

async function msOf(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function timesOf(times: readonly number[]): Answer {
  return { p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const [file = '', mode = '', role = '', amount = '0', place = '{}'] = process.argv.slice(2);
const { open } = (await import(new URL(file, import.meta.url).href)) as { readonly open: OpenSide };
const side = await open(JSON.parse(place) as Place, mode);
const answer = await ROLES[role as Role](side, Number(amount));
await side.close();
process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit(0));
