/**
 * A small config, with one type of each kind. Start it from this folder:
 *
 *   npx bide serve --config bide.config.ts
 *   npx bide submit greet --input '{"name":"Ada"}' --wait
 */
import { command, defineConfig, http, PermanentError, remote, sql } from 'bide/config';
import { typebox } from 'bide/typebox';
import { Type } from 'typebox';

export default defineConfig({
  types: {
    // A function. Its input is checked when a job is submitted, and `input` has the type that the schema says.
    greet: {
      input: typebox(
        Type.Object({ name: Type.String({ minLength: 1 }), times: Type.Integer({ minimum: 1, default: 1 }) }),
      ),
      retry: { attempts: 3, backoffMs: 500 },
      run: async (input, job) => {
        if (input.name === 'nobody') throw new PermanentError('There is nobody to greet.');
        job.progress(50, 'clearing the throat');
        return { greeting: `Hello, ${input.name}! `.repeat(input.times).trim() };
      },
    },

    // A program. It reads the input as JSON from stdin, writes its result to stdout, and may write `progress 40 message` to stderr.
    checksum: command({ program: 'sha256sum', output: 'bytes', contentType: 'text/plain; charset=utf-8', slots: 2 }),

    // A slow HTTP API, made asynchronous: the input goes to it as JSON, its answer is the result.
    upstream: http({
      url: 'http://127.0.0.1:9000/reports',
      allowPrivateAddresses: true,
      timeoutMs: 10 * 60_000,
      retry: { attempts: 5, backoffMs: 2_000 },
    }),

    // SQL of the caller over these data sets and nothing else. Needs the package @duckdb/node-api.
    query: sql({ datasets: { weather: 'data/seattle-weather.csv' }, memoryMib: 256, timeoutMs: 60_000 }),

    // Left for workers that claim jobs over HTTP.
    elsewhere: remote({ timeoutMs: 60 * 60_000 }),
  },
});
