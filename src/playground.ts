/**
 * The job types of `--playground`, to try Bide without a config: `echo`, `sleep`, `sql` over sample data, and a search in `certificates`.
 *
 * A config module like a user's, so that its functions run in threads like a user's: threads import `playground` from here.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Static, Type } from 'typebox';
import { defineConfig, type SqlType, sql } from './config/define-config.ts';
import type { ConfigSource } from './config/resolve.ts';
import { typebox } from './config/typebox-schema.ts';
import type { JobContext } from './handlers/function/job-context.ts';
import { PermanentError } from './handlers/function/permanent-error.ts';
import { isDuckdbInstalled } from './handlers/sql/duckdb-installed.ts';
import { findCertificates } from './playground/certificates.ts';

const HOUR_MS = 3_600_000;
const MIB = 1_024 * 1_024;

const SleepInput = Type.Object(
  {
    /** How long in all. */
    ms: Type.Integer({ minimum: 0, maximum: 24 * HOUR_MS, default: 0 }),
    /** Into how many parts the time is cut; progress is told after each. */
    steps: Type.Integer({ minimum: 1, maximum: 1_000, default: 10 }),
    /** What the job gives back; how long it slept when left out. */
    result: Type.Optional(Type.Unknown()),
    /** Fails with this message after the sleep. */
    fail: Type.Optional(Type.String({ minLength: 1 })),
    /** Only so many attempts fail; all of them when left out beside `fail`. */
    failTimes: Type.Optional(Type.Integer({ minimum: 0 })),
    /** Gives so many bytes back instead of JSON. */
    bytes: Type.Optional(Type.Integer({ minimum: 0, maximum: 64 * MIB })),
  },
  { additionalProperties: false },
);

async function sleep(input: Static<typeof SleepInput>, context: JobContext): Promise<unknown> {
  for (let step = 1; step <= input.steps; step += 1) {
    await pause(input.ms / input.steps, undefined, { signal: context.signal });
    context.progress((step / input.steps) * 100, `step ${step} of ${input.steps}`);
  }
  const isFailing = input.fail !== undefined || input.failTimes !== undefined;
  if (isFailing && context.attempt <= (input.failTimes ?? Number.POSITIVE_INFINITY)) {
    throw new Error(input.fail ?? `attempt ${context.attempt} fails, as asked`);
  }
  if (input.bytes !== undefined) return new Uint8Array(input.bytes).fill('z'.charCodeAt(0));
  return input.result === undefined ? { sleptMs: input.ms } : input.result;
}

export const playground = defineConfig({
  types: {
    echo: (input) => input,
    sleep: { input: typebox(SleepInput), run: sleep },
    sql: isDuckdbInstalled() ? sampleQueries() : refuseQuery,
    certificates: findCertificates,
  },
});

/** In place of `sql` where the optional package is missing: the dialects that name the type are served all the same. */
function refuseQuery(): never {
  throw new PermanentError('Queries need the package @duckdb/node-api, which is not installed beside bide.');
}

/** The playground as a source of job types, beside the user's own config. */
export function playgroundSource(): ConfigSource {
  return {
    config: playground,
    name: 'the playground',
    baseDir: fileURLToPath(new URL('.', import.meta.url)),
    module: { url: import.meta.url, exportName: 'playground' },
  };
}

/** `weather`: four years of Seattle's, shipped with Bide. `flights`: three million, where the package `vega-datasets` is installed. */
function sampleQueries(): SqlType {
  const weather = fileURLToPath(new URL('../examples/data/seattle-weather.csv', import.meta.url));
  const flights = flightsFile();
  return sql({ datasets: { weather, ...(flights === null ? {} : { flights }) } });
}

function flightsFile(): string | null {
  try {
    const file = join(createRequire(import.meta.url).resolve('vega-datasets'), '../../data/flights-3m.parquet');
    return existsSync(file) ? file : null;
  } catch {
    return null;
  }
}
