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
import type { Bench, RunScenario } from './scenarios/scenario.ts';

const SCENARIOS: Readonly<Partial<Record<ScenarioId, RunScenario>>> = {
  s1: burnDown,
  s2: submit,
  s3: roundTrip,
  s4: status,
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
process.exit(0);

async function measure(wanted: Options): Promise<BenchResult> {
  const { only, sizes, isQuick, isSqliteOnly } = wanted;
  const machine = machineFacts();
  const { sides, leftOut } = fieldOf(wanted);
  for (const { what, why } of leftOut) note(`without ${what}: ${why}`);
  const services = createServices();
  const bench: Bench = { sizes, sides, services, isSqliteOnly, note };
  const begun = new Date().toISOString();
  const scenarios: ScenarioResult[] = [];
  try {
    for (const id of only) scenarios.push(await measureOne(id, bench));
  } finally {
    await services.end();
  }
  return { startedAt: begun, seconds: elapsed(), isQuick, rounds: sizes.rounds, machine, leftOut, scenarios };
}

async function measureOne(id: ScenarioId, bench: Bench): Promise<ScenarioResult> {
  const from = elapsed();
  note(id);
  const rows = (await SCENARIOS[id]?.(bench)) ?? [];
  return { id, startedAt: new Date().toISOString(), seconds: elapsed() - from, rows };
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
