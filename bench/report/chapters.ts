/** What the report says of each scenario: what is measured and how, which columns its table has, and what cannot be compared. */
import { SERVERS } from '../sides/catalog.ts';

export interface Column {
  readonly metric: string;
  readonly title: string;
  readonly digits: number;
  /** With the least and the greatest of the rounds beside the median. */
  readonly hasSpread?: boolean;
}

export interface Chapter {
  readonly title: string;
  readonly method: string;
  readonly columns: readonly Column[];
  /** The rows are also told as multiples of this one. */
  readonly reference: { readonly side: string; readonly metric: string } | null;
  readonly notes: readonly string[];
}

const RATE: Column = { metric: 'rate', title: 'per second', digits: 0, hasSpread: true };
const CPU: Column = { metric: 'cpuUs', title: 'CPU µs each', digits: 1 };
const SERVICE_CPU: Column = { metric: 'serverCpuUs', title: 'database or Redis CPU µs each', digits: 1 };
const LOAD_CPU: Column = { metric: 'loadCpuUs', title: 'client CPU µs each', digits: 1 };
const P50: Column = { metric: 'p50Ms', title: 'p50 ms', digits: 2, hasSpread: true };
const P99: Column = { metric: 'p99Ms', title: 'p99 ms', digits: 2, hasSpread: true };
const MEMORY: Column = { metric: 'bytesEach', title: 'bytes each', digits: 0, hasSpread: true };

export const CHAPTERS: Readonly<Record<string, Chapter>> = {
  s1: {
    title: 'S1 · Burn-down',
    method:
      'No-op jobs wait; one worker process starts and calls a handler for each. From its start until every outcome is recorded. Sides that would take minutes have fewer jobs.',
    columns: [RATE, CPU, SERVICE_CPU],
    reference: { side: 'Bide, SQLite', metric: 'rate' },
    notes: [
      'BullMQ, bunqueue, plainjob by default and @platformatic/job-queue lose acknowledged jobs with the machine; the table of sides says what each keeps.',
      'graphile-worker deletes a job when it is done and keeps no outcome; Bide, pg-boss, BullMQ and bunqueue keep one.',
      'pg-boss without options takes one job every two seconds, which is meant for few and large jobs.',
    ],
  },
  s2: {
    title: 'S2 · Submit',
    method:
      '64 callers, one job per call, each waits until its job is stored. First over HTTP (a driver in another process), then in the process that calls.',
    columns: [RATE, P50, P99, CPU, SERVICE_CPU, LOAD_CPU],
    reference: { side: 'Bide, SQLite, HTTP', metric: 'rate' },
    notes: [
      'bare Fastify stores nothing: it is the most that HTTP allows here.',
      'Bide over HTTP checks an API key with each request; bunqueue was started without tokens.',
      'plainjob writes in the calling thread: its 64 callers take turns.',
    ],
  },
  s3: {
    title: 'S3 · Round trip of a lone caller',
    method:
      'Submit a no-op job to an idle system, wait for its result, rest 10 ms, again. `HTTP` is one held request, `POST /v1/jobs?wait=10`; all others call a library in the worker’s own process.',
    columns: [P50, P99],
    reference: { side: 'Bide, SQLite, HTTP', metric: 'p50Ms' },
    notes: [
      'pg-boss, graphile-worker and plainjob have no way to wait for a result: their time ends when the handler runs.',
      'pg-boss and plainjob poll, at the shortest interval that pg-boss allows (0.5 s) and at plainjob’s own (1 s).',
    ],
  },
  s4: {
    title: 'S4 · Status reads',
    method:
      '64 callers read the status of a job that waits, over HTTP, as often as they can. A driver in another process.',
    columns: [RATE, P50, P99, CPU, LOAD_CPU],
    reference: { side: SERVERS.bareFastify.name, metric: 'rate' },
    notes: ['Bide checks an API key with each read; the others check nothing. CPU includes the database.'],
  },
  s5: {
    title: 'S5 · Held requests',
    method:
      'So many requests are held open, each for a job of its own; jobs are completed one by one, 1,000 a second. From the completing call to the arrival of the answer at the waiter, commit to disk included. PostgreSQL: completed by another process than the one that holds. Memory: growth of the server’s resident set, garbage collected before and after.',
    columns: [P50, P99, MEMORY],
    reference: null,
    notes: ['bare Fastify commits nothing: a map of replies, answered by a timer in the same process.'],
  },
  s6: {
    title: 'S6 · Growth',
    method:
      'The same calls over HTTP by a lone caller, with so many finished jobs stored and as many waiting. `trip`: submit and wait for the result; `read`: the status of any of the stored; `claim`: ten jobs by a worker; `list`: 50 jobs. p50 each. Bytes per finished job: growth of the database by the finished ones alone, without input and result.',
    columns: [
      { metric: 'tripMs', title: 'trip ms', digits: 2, hasSpread: true },
      { metric: 'readMs', title: 'read ms', digits: 2, hasSpread: true },
      { metric: 'claimMs', title: 'claim ms', digits: 2, hasSpread: true },
      { metric: 'listMs', title: 'list ms', digits: 2, hasSpread: true },
      { metric: 'startMs', title: 'start ms', digits: 0 },
      { metric: 'finishedBytes', title: 'bytes per finished job', digits: 0 },
      { metric: 'fileMib', title: 'database MiB', digits: 0 },
      { metric: 'memoryMib', title: 'memory MiB', digits: 0 },
    ],
    reference: null,
    notes: ['The stored jobs are written by `Store.restore`, as an import does, and not one by one.'],
  },
  s7: {
    title: 'S7 · Mixed load',
    method:
      'Submits, status reads, waits for a result, lists and remote work (claim and succeed) at once on one server: first as fast as they are answered, which is the maximum; then at 70 % of it, each call due at its time, whether or not earlier ones have been answered. Times from when a call was due.',
    columns: [
      { ...RATE, hasSpread: false },
      { ...P50, hasSpread: false },
      { ...P99, hasSpread: false },
      { metric: 'p999Ms', title: 'p99.9 ms', digits: 1 },
      { metric: 'maxMs', title: 'max ms', digits: 0 },
      { metric: 'errors', title: 'errors', digits: 0 },
    ],
    reference: null,
    notes: ['Measured once. No peer offers these calls over HTTP, so that there is nothing beside it.'],
  },
};
