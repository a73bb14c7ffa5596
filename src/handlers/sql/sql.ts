/**
 * The `sql` handler: runs queries of callers over the data sets of the config, each in a process that has nothing else.
 *
 * Processes are started when needed, as many as there are queries at once (the slots of the type), and ended when idle for a while.
 */
import { accessSync, constants } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Json } from '../../core/job.ts';
import type { Limits } from '../../core/limits.ts';
import type { Attempt, AttemptOutcome, Handler } from '../../engine/api.ts';
import type { CancelTimer, Clock } from '../../engine/clock.ts';
import { permanentFailure } from '../failed.ts';
import { makeCacheDir } from './cache-dir.ts';
import { type SqlOptions, type SqlSettings, sqlSettingsOf } from './options.ts';
import { type QueryRunner, startQueryRunner } from './query-runner.ts';
import { inputIssues, type SqlInput } from './sql-input.ts';

export interface SqlEnvironment {
  readonly limits: Pick<Limits, 'resultBytesMax' | 'cancelGraceMs' | 'errorMessageLengthMax'>;
  readonly clock: Clock;
  /** Folder of the config file. */
  readonly baseDir: string;
}

/** SIGKILL comes this part of the grace before its end, so that the outcome is known when the engine stops waiting. */
const KILL_AT = 0.8;
/** A process costs 80 MB while it waits and 0.3 s to start. */
const IDLE_MS_MAX = 60_000;

export function sqlHandler(options: SqlOptions, environment: SqlEnvironment): Handler {
  const runners = queryRunners(options, environment);
  return {
    kind: 'sql',
    run: (attempt) => query(options, environment, runners, attempt),
    missing: () => missingFiles(sqlSettingsOf(options, environment.baseDir)),
    close: runners.close,
  };
}

/** Files alone: what a URL answers today says little about tomorrow. */
function missingFiles({ datasets }: SqlSettings): readonly string[] {
  return Object.entries(datasets).flatMap(([name, source]) => {
    if (source.kind === 'url') return [];
    try {
      accessSync(source.path, constants.R_OK);
      return [];
    } catch (error) {
      return [`the data set ${name} cannot be read: ${source.path} (${(error as NodeJS.ErrnoException).code})`];
    }
  });
}

async function query(
  options: SqlOptions,
  { limits }: SqlEnvironment,
  runners: ReturnType<typeof queryRunners>,
  attempt: Attempt,
): Promise<AttemptOutcome> {
  const input = JSON.parse(attempt.input) as Json;
  const [issue] = inputIssues(options, input);
  if (issue !== undefined) return permanentFailure('INPUT_INVALID', `${issue.path || 'The input'} ${issue.message}.`);
  const runner = await runners.take();
  if (attempt.signal.aborted) {
    runners.giveBack(runner);
    return { kind: 'aborted' };
  }
  const outcome = await runner.run({
    input: input as unknown as SqlInput,
    signal: attempt.signal,
    graceMs: limits.cancelGraceMs * KILL_AT,
    onProgress: (percent) => attempt.report(percent),
  });
  runners.giveBack(runner);
  return outcome;
}

function queryRunners(options: SqlOptions, { limits, clock, baseDir }: SqlEnvironment) {
  const all = new Set<QueryRunner>();
  const idle = new Map<QueryRunner, CancelTimer>();
  const settings = sqlSettingsOf(options, baseDir);
  const { resultBytesMax, errorMessageLengthMax } = limits;
  let cache: Promise<string> | null = null;

  const forget = (runner: QueryRunner) => {
    idle.delete(runner);
    all.delete(runner);
    void runner.kill();
  };
  return {
    async take(): Promise<QueryRunner> {
      for (const [runner, cancelTimer] of idle) {
        cancelTimer();
        idle.delete(runner);
        if (runner.isUsable()) return runner;
        all.delete(runner);
      }
      cache ??= makeCacheDir();
      const runner = startQueryRunner(
        { settings, resultBytesMax, errorMessageLengthMax, cacheDir: await cache },
        clock,
      );
      all.add(runner);
      return runner;
    },
    giveBack(runner: QueryRunner): void {
      if (!runner.isUsable()) forget(runner);
      else
        idle.set(
          runner,
          clock.after(IDLE_MS_MAX, () => forget(runner)),
        );
    },
    async close(): Promise<void> {
      for (const cancelTimer of idle.values()) cancelTimer();
      await Promise.all([...all].map((runner) => runner.kill()));
      if (cache !== null) await rm(await cache, { recursive: true, force: true });
    },
  };
}
