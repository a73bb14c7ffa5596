/**
 * `npm run bench`: Bide beside its peers, on one machine, in one run, in turns. Starts and ends everything by itself.
 *
 * A full run writes `bench/results.json` and `bench/RESULTS.md`; a quick or partial one writes the same files into `bench/out/`, which git
 * ignores. `npm run gen` makes page and README from the numbers anew.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchResult, ScenarioResult } from './report/result.ts';
import { resultsPage } from './report/results-page.ts';
import { machineFacts } from './run/machine.ts';
import { type Options, optionsOf, SCENARIO_IDS, type ScenarioId, USAGE } from './run/options.ts';
import { BENCH, fieldOf, installPeers } from './run/peers.ts';
import { createServices } from './run/services.ts';
import { run as burnDown } from './scenarios/s1-burn-down.ts';
import { run as submit } from './scenarios/s2-submit.ts';
import { run as roundTrip } from './scenarios/s3-round-trip.ts';
import { run as status } from './scenarios/s4-status.ts';
import { run as holds } from './scenarios/s5-holds.ts';
import { run as growth } from './scenarios/s6-growth.ts';
import { run as mixed } from './scenarios/s7-mixed.ts';
import type { Bench, RunScenario } from './scenarios/scenario.ts';

const SCENARIOS: Readonly<Record<ScenarioId, RunScenario>> = {
  s1: burnDown,
  s2: submit,
  s3: roundTrip,
  s4: status,
  s5: holds,
  s6: growth,
  s7: mixed,
};

/** What each scenario takes of a run; S6 fills its stores, and S7 is two minutes on each engine. */
const TIME_SHARES: Readonly<Record<ScenarioId, number>> = {
  s1: 0.24,
  s2: 0.14,
  s3: 0.08,
  s4: 0.05,
  s5: 0.14,
  s6: 0.18,
  s7: 0.17,
};

const startedAt = performance.now();
const options = optionsOf(process.argv.slice(2));
if (options === null) {
  console.error(USAGE);
  process.exit(2);
}
if (!options.isQuick && !options.isAlone) await installPeers(note);
const result = await measure(options);
const folder = write(result, options);
note(`wrote ${join(folder, 'results.json')} and ${join(folder, 'RESULTS.md')}`);
if (folder === BENCH) note('npm run gen brings the README up to date');
process.exit(0);

async function measure(wanted: Options): Promise<BenchResult> {
  const { only, sizes, isQuick, isSqliteOnly } = wanted;
  const machine = machineFacts();
  const { sides, leftOut } = fieldOf(wanted);
  for (const { what, why } of leftOut) note(`without ${what}: ${why}`);
  const services = createServices();
  const bench = { sizes, sides, services, isSqliteOnly, note };
  const begun = new Date().toISOString();
  const scenarios: ScenarioResult[] = [];
  try {
    for (const id of only) scenarios.push(await measureOne(id, { ...bench, untilMs: lastRoundMs(wanted, id) }));
  } finally {
    await services.end();
  }
  return { startedAt: begun, seconds: elapsed(), isQuick, rounds: sizes.rounds, machine, leftOut, scenarios };
}

async function measureOne(id: ScenarioId, bench: Bench): Promise<ScenarioResult> {
  const from = elapsed();
  note(id);
  const rows = await SCENARIOS[id](bench).catch((error: unknown) => {
    // Half an hour of the others is not lost by it.
    const failure = error instanceof Error ? error.message : String(error);
    note(`${id} failed: ${failure}`);
    return [{ side: 'all', samples: [], failure }];
  });
  return { id, startedAt: new Date().toISOString(), seconds: elapsed() - from, rows };
}

/**
 * When a scenario of a whole run begins its last round at the latest, by `performance.now()`: each has its share of the time, so that on a slow
 * machine all of them have fewer rounds, and not the last ones none.
 */
function lastRoundMs({ only, minutes }: Options, id: ScenarioId): number {
  if (only.length < SCENARIO_IDS.length) return Number.POSITIVE_INFINITY;
  const shares = SCENARIO_IDS.slice(0, SCENARIO_IDS.indexOf(id) + 1).map((one) => TIME_SHARES[one]);
  return minutes * 60_000 * shares.reduce((sum, share) => sum + share, 0);
}

/** Only a whole run is the repository's. */
function write(done: BenchResult, { only, isQuick, isSqliteOnly, isAlone, out }: Options): string {
  const isWhole = only.length === SCENARIO_IDS.length && !isQuick && !isSqliteOnly && !isAlone;
  const target = out ?? (isWhole ? BENCH : join(BENCH, 'out'));
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'results.json'), `${JSON.stringify(done, rounded, 1)}\n`);
  writeFileSync(join(target, 'RESULTS.md'), resultsPage(done));
  return target;
}

/** Six digits are more than any of these numbers is worth. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(6)) : value;
}

function elapsed(): number {
  return (performance.now() - startedAt) / 1_000;
}

function note(text: string): void {
  const seconds = Math.round(elapsed());
  console.log(`${String(Math.floor(seconds / 60)).padStart(3)}:${String(seconds % 60).padStart(2, '0')} ${text}`);
}
