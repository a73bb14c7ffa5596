/** The config of `npm run demo`: one job type of each kind, on real data. */
import { fileURLToPath } from 'node:url';
import { command, defineConfig, http, remote, sql } from '../../src/index.ts';
import { AIRPORTS, FLIGHTS, ZIP_CODES } from './data.ts';
import { farthestAirports } from './farthest-airports.ts';

const { DEMO_UPSTREAM = 'http://127.0.0.1:9/' } = process.env;
const AWK_PROGRAM = fileURLToPath(new URL('./zip-codes.awk', import.meta.url));

export default defineConfig({
  types: {
    /** SQL that callers write, over these tables and nothing else. */
    flights: sql({
      description: 'Answers SQL over three million flights within the USA and their airports.',
      datasets: { flights: FLIGHTS, airports: AIRPORTS },
    }),

    /** A program that reads a file. Only what is written here is ever run. */
    'zip-codes': command({
      description: 'Counts the zip codes of each state.',
      program: 'awk',
      args: ['-v', 'total=42050', '-f', AWK_PROGRAM, ZIP_CODES],
    }),

    /** A slow HTTP API in front of which Bide waits, so that its callers need not. */
    'wettest-months': http({ url: DEMO_UPSTREAM, method: 'GET', allowPrivateAddresses: true }),

    /** A function, run in a thread. */
    'farthest-airports': {
      description: 'Finds the two airports of a file that lie farthest apart.',
      run: farthestAirports,
    },

    /** A function that fails once: each job gets it right at the second attempt. */
    flaky: {
      retry: { attempts: 3, backoffMs: 200 },
      run: (input: { answer: number }, ctx) => {
        if (ctx.attempt === 1) throw new Error('the first attempt always fails');
        return { answer: input.answer, attempt: ctx.attempt };
      },
    },

    /** Left for workers in other processes, in any language. */
    ratings: remote(),
  },
});
