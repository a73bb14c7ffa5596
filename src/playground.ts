/** The job types of `--playground`, to try Bide without a config: `echo`, `sleep`, `sql` over sample data, and a search in `certificates`. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Type } from 'typebox';
import { defineConfig, type SqlType, sql } from './config/define-config.ts';
import type { ConfigSource } from './config/resolve.ts';
import { typebox } from './config/typebox-schema.ts';
import { isDuckdbInstalled } from './handlers/sql/duckdb-installed.ts';
import { findCertificates } from './playground/certificates.ts';
import { echo, refuseQuery, sleep } from './playground/functions.ts';

const DAY_MS = 24 * 3_600_000;
const MIB = 1_024 * 1_024;

/** Of `SleepInput`. */
const sleepSchema = Type.Object(
  {
    ms: Type.Integer({ minimum: 0, maximum: DAY_MS, default: 0 }),
    steps: Type.Integer({ minimum: 1, maximum: 1_000, default: 10 }),
    result: Type.Optional(Type.Unknown()),
    fail: Type.Optional(Type.String({ minLength: 1 })),
    failTimes: Type.Optional(Type.Integer({ minimum: 0 })),
    bytes: Type.Optional(Type.Integer({ minimum: 0, maximum: 64 * MIB })),
    lines: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })),
    emits: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

/** The playground as a source of job types, beside the user's own config. */
export function playgroundSource(): ConfigSource {
  const types = {
    echo,
    sleep: { input: typebox(sleepSchema), run: sleep },
    sql: isDuckdbInstalled() ? sampleQueries() : refuseQuery,
    certificates: findCertificates,
  };
  return {
    config: defineConfig({ types }),
    name: 'the playground',
    baseDir: fileURLToPath(new URL('.', import.meta.url)),
    module: { url: FUNCTIONS.href, exportName: 'functions' },
  };
}

/** As TypeScript from the sources and as JavaScript once built. */
const FUNCTIONS = new URL(
  import.meta.url.endsWith('.ts') ? './playground/functions.ts' : './playground/functions.js',
  import.meta.url,
);

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
