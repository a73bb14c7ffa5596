/**
 * `npx node bench/groups.ts [jobs] [rounds] [slots] [stores]`: what a membership costs. The same jobs (10,000 unless told), once without a group and once in one, in turns, on both
 * stores. Prints CPU per job of the submit and of the burn-down (Bide's threads and PostgreSQL's processes), the rates, and the ratio: CPU is the measure on a machine
 * that is shared.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineConfig, openBide } from '../src/index.ts';
import { startTestServer } from '../test/postgres/server.ts';

const JOBS = Number(process.argv[2] ?? 10_000);
const ROUNDS = Number(process.argv[3] ?? 3);
const SLOTS = Number(process.argv[4] ?? 64);
const STORES = (process.argv[5] ?? 'SQLite,PostgreSQL').split(',');
const FILL_BATCH = 1_000;
const TICKS_PER_SECOND = 100;

interface Place {
  readonly data: string;
  readonly database?: string;
}

interface Cost {
  readonly cpuUs: number;
  readonly ms: number;
}

interface Run {
  readonly fill: Cost;
  readonly burn: Cost;
}

let runs = 0;
const config = defineConfig({
  types: {
    echo: {
      slots: SLOTS,
      async run(input: { readonly n: number }) {
        runs += 1;
        return input;
      },
    },
  },
});

/** CPU so far, µs, of the processes whose parent this is. */
function childrenUs(parent: number): number {
  let ticks = 0;
  for (const pid of readdirSync('/proc')) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      // Of itself and of its children that have ended.
      if (Number(pid) === parent)
        ticks += Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14]);
      if (Number(fields[1]) === parent) ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // Not a process, or gone.
    }
  }
  return (ticks * 1e6) / TICKS_PER_SECOND;
}

const server = await startTestServer({ isDurable: true });

async function cost(work: () => Promise<unknown>): Promise<Cost> {
  const from = performance.now();
  const own = process.cpuUsage();
  const others = childrenUs(server.pid);
  await work();
  const { user, system } = process.cpuUsage(own);
  return { cpuUs: user + system + childrenUs(server.pid) - others, ms: performance.now() - from };
}

const requests = Array.from({ length: FILL_BATCH }, (_, n) => ({ type: 'echo', input: { n } }));

async function run(place: Place, isGroup: boolean): Promise<Run> {
  const filling = await openBide(config, { ...place, runsJobs: false });
  const group = isGroup ? (await filling.groups.create({ isOpen: true })).id : null;
  const fill = await cost(async () => {
    for (let jobs = 0; jobs < JOBS; jobs += FILL_BATCH) {
      if (group !== null) await filling.groups.add(group, { jobs: requests });
      else await filling.engine.submit(requests.map((request) => ({ ...request, tenant: 'default' })));
    }
  });
  if (group !== null) await filling.groups.close(group);
  await filling.close();
  runs = 0;
  const bide = await openBide(config, { ...place, runsJobs: true });
  const burn = await cost(async () => {
    if (group !== null) await bide.groups.wait(group);
    else await ended(bide);
  });
  await bide.close();
  return { fill, burn };
}

async function ended({ engine }: Awaited<ReturnType<typeof openBide>>): Promise<void> {
  while (runs < JOBS) await sleep(5);
  await engine.stop();
}

const middle = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

function told(name: string, plain: readonly Cost[], grouped: readonly Cost[]): void {
  const us = (costs: readonly Cost[]) => middle(costs.map(({ cpuUs }) => cpuUs / JOBS));
  const rate = (costs: readonly Cost[]) => middle(costs.map(({ ms }) => (JOBS / ms) * 1_000));
  const ratio = middle(plain.map(({ cpuUs }, at) => cpuUs / (grouped[at] as Cost).cpuUs));
  console.log(
    `${name}: ${us(plain).toFixed(0)} µs of CPU a job without a group, ${us(grouped).toFixed(0)} with one; ` +
      `${rate(plain).toFixed(0)} and ${rate(grouped).toFixed(0)} jobs/s; ratio of CPU ${ratio.toFixed(2)}`,
  );
}

const folder = mkdtempSync(join(tmpdir(), 'bide-groups-'));
try {
  for (const store of STORES) {
    const open = async (): Promise<Place> => {
      const data = mkdtempSync(join(folder, 'data-'));
      return store === 'SQLite' ? { data } : { data, database: await server.createDatabase() };
    };
    // The first run also pays for what is compiled.
    await run(await open(), true);
    const plain: Run[] = [];
    const grouped: Run[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      plain.push(await run(await open(), false));
      grouped.push(await run(await open(), true));
    }
    for (const part of ['fill', 'burn'] as const) {
      told(
        `${store}, ${part === 'fill' ? 'submit' : 'burn-down'}`,
        plain.map((one) => one[part]),
        grouped.map((one) => one[part]),
      );
    }
  }
} finally {
  await server.end();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
