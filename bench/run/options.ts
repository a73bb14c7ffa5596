/** What one run does: the command line, and how large everything is. */
import { parseArgs } from 'node:util';

export const SCENARIO_IDS = ['s1', 's2', 's3', 's4', 's5', 's6', 's7'] as const;
export type ScenarioId = (typeof SCENARIO_IDS)[number];

export interface Sizes {
  readonly rounds: number;
  /** Jobs of a burn-down. */
  readonly burnJobs: number;
  /** Jobs submitted in process. */
  readonly submits: number;
  /** Length of one measurement of HTTP. */
  readonly loadMs: number;
  /** Round trips of a lone caller. */
  readonly trips: number;
  /** Held requests at once, and how many of them are measured; some of the others warm up. */
  readonly holds: readonly { readonly held: number; readonly completed: number }[];
  /** Finished jobs stored, and as many waiting. */
  readonly stored: readonly number[];
  /** Length of the mixed load. */
  readonly mixedMs: number;
}

const FULL: Sizes = {
  rounds: 3,
  burnJobs: 20_000,
  submits: 10_000,
  loadMs: 3_000,
  trips: 200,
  holds: [
    { held: 1_000, completed: 700 },
    { held: 10_000, completed: 4_000 },
  ],
  stored: [10_000, 100_000, 1_000_000],
  mixedMs: 120_000,
};

const QUICK: Sizes = {
  rounds: 1,
  burnJobs: 1_000,
  submits: 1_000,
  loadMs: 500,
  trips: 20,
  holds: [{ held: 200, completed: 140 }],
  stored: [1_000, 5_000],
  mixedMs: 5_000,
};

export interface Options {
  readonly isQuick: boolean;
  readonly only: readonly ScenarioId[];
  /** Without what needs PostgreSQL. */
  readonly isSqliteOnly: boolean;
  /** Bide and the references, no peer. */
  readonly isAlone: boolean;
  /** What a whole run takes at most, but for a round that was begun. */
  readonly minutes: number;
  /** Where the results go, other than into the repository. */
  readonly out: string | null;
  readonly sizes: Sizes;
}

export const USAGE = `npm run bench                      every scenario beside its peers, about 25 minutes; writes bench/results.json and bench/RESULTS.md
npm run bench -- --quick           small and once, without peers that are not installed, under 2 minutes; writes into bench/out/
npm run bench -- --only s1,s3      these scenarios alone, in full; writes into bench/out/
npm run bench -- --rounds 5        more rounds (3), as far as the time allows
npm run bench -- --minutes 60      more time (25): fewer rounds where it is short
npm run bench -- --sqlite          without what needs PostgreSQL
npm run bench -- --alone            Bide and the references, no peer
npm run bench -- --out FOLDER      writes there`;

/** Null where the arguments make no sense. */
export function optionsOf(args: readonly string[]): Options | null {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        rounds: { type: 'string' },
        sqlite: { type: 'boolean', default: false },
        alone: { type: 'boolean', default: false },
        minutes: { type: 'string', default: '25' },
        out: { type: 'string' },
      },
    });
    const only = values.only?.split(',') ?? SCENARIO_IDS;
    const sizes = values.quick ? QUICK : FULL;
    const rounds = Number(values.rounds ?? sizes.rounds);
    const minutes = Number(values.minutes);
    if (!only.every(isScenario) || !(Number.isInteger(rounds) && rounds > 0) || !(minutes > 0)) return null;
    return {
      isQuick: values.quick,
      only,
      isSqliteOnly: values.sqlite,
      isAlone: values.alone,
      minutes,
      out: values.out ?? null,
      sizes: { ...sizes, rounds },
    };
  } catch {
    return null;
  }
}

function isScenario(word: string): word is ScenarioId {
  return (SCENARIO_IDS as readonly string[]).includes(word);
}
