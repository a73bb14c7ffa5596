/** The parts of a job, and its defaults. */
import { DAY, HOUR, KIB, type LimitDefinition, MIB, SECOND } from './definition.ts';

export const JOB_LIMITS = {
  typeLengthMax: { value: 100, min: 10, max: 500, meaning: 'Characters in a type name.' },
  tagsMax: { value: 20, min: 0, max: 100, meaning: 'Tags on one job.' },
  // These five are parts of index rows, of which PostgreSQL takes 2,704 bytes: a character is three bytes, or six where it must be escaped
  // (NUL, U+E000), and compression saves what repeats. The contract suite stores the worst of each range.
  tagKeyLengthMax: { value: 100, min: 1, max: 100, meaning: 'Characters in a tag name.' },
  tagValueLengthMax: { value: 500, min: 1, max: 500, meaning: 'Characters in a tag value.' },
  idempotencyKeyLengthMax: { value: 255, min: 1, max: 600, meaning: 'Characters in an Idempotency-Key.' },
  sequenceKeyLengthMax: { value: 255, min: 1, max: 600, meaning: 'Characters in a sequence key.' },
  uniqueKeyLengthMax: { value: 255, min: 1, max: 600, meaning: 'Characters in a unique key.' },
  signalsPerJobMax: {
    value: 32,
    min: 1,
    max: 1_000,
    meaning: 'Signals, of different names, that one job may have been sent.',
  },
  signalNameLengthMax: { value: 100, min: 1, max: 500, meaning: 'Characters in the name of a signal.' },
  signalBytesMax: { value: 4 * KIB, min: 1, max: 256 * KIB, meaning: 'Bytes of the value of one signal, as JSON.' },
  signalTimeoutMs: {
    value: 7 * DAY,
    min: SECOND,
    max: 3_650 * DAY,
    meaning: 'How long a job waits for a signal unless it says so; delayMsMax is the longest.',
  },
  upstreamCloseMsMax: {
    value: HOUR,
    min: SECOND,
    max: 366 * DAY,
    meaning:
      'The longest that a 429 or 503 of an upstream closes the limit key of a job, whatever its Retry-After says.',
  },
  parentsMax: { value: 100, min: 1, max: 1_000, meaning: 'Jobs that one job may come after.' },
  parentsBytesMax: {
    value: 8 * MIB,
    min: KIB,
    max: 256 * MIB,
    meaning:
      'JSON results of the parents of one job together, as `parents()` of a function gives them; past it the call fails.',
  },
  callbackUrlLengthMax: { value: 2_000, min: 10, max: 20_000, meaning: 'Characters in a callback URL.' },
  callbacksPerJobMax: {
    value: 10,
    min: 1,
    max: 100,
    meaning: 'Callbacks that a job may be given beside the one of its submit.',
  },
  jobCallbackMs: {
    value: 30 * DAY,
    min: HOUR,
    max: 366 * DAY,
    meaning:
      'How long a job is told of to the callbacks that it was given after its submit, counted from the newest of them.',
  },
  progressMessageLengthMax: { value: 500, min: 10, max: 10_000, meaning: 'Characters kept of a progress message.' },
  errorMessageLengthMax: { value: 4_000, min: 100, max: 100_000, meaning: 'Characters kept of an error message.' },
  errorDetailsBytesMax: {
    value: 16 * KIB,
    min: 0,
    max: MIB,
    meaning: 'Bytes kept of the details of an error; more is dropped and said so.',
  },
  logBytesPerJobMax: {
    value: MIB,
    min: 0,
    max: 64 * MIB,
    meaning:
      'Bytes kept of the log of one job; of more the middle is left out, and a line says so. 0 keeps none, and the log of the server has them alone.',
  },
  logLineLengthMax: { value: 4_000, min: 100, max: 100_000, meaning: 'Characters kept of one line of a log.' },
  logFieldsBytesMax: {
    value: 4 * KIB,
    min: 0,
    max: 64 * KIB,
    meaning: 'Bytes kept of the fields of one line of a log; more is dropped and said so.',
  },
  logLinesPerSecondMax: {
    value: 1_000,
    min: 1,
    max: 100_000,
    meaning: 'Lines that one job may log in a second, or a worker send at once; more are left out and counted.',
  },
  outputBytesPerJobMax: {
    value: 16 * MIB,
    min: 0,
    max: 256 * MIB,
    meaning:
      'Bytes of partial output that one attempt may emit; emitting more is an error of the handler. The output of earlier attempts is kept as far as it fits in as well.',
  },
  outputChunkBytesMax: { value: 256 * KIB, min: 100, max: 16 * MIB, meaning: 'Bytes of one chunk of output.' },
  limitKeyLengthMax: { value: 200, min: 1, max: 1_000, meaning: 'Characters of the key of a limit.' },
  limitConcurrencyMax: {
    value: 10_000,
    min: 1,
    max: 100_000,
    meaning: 'Jobs at once that a limit may allow; without a concurrency it allows as many as there are slots.',
  },
  limitRateCountMax: { value: 10_000, min: 1, max: 100_000, meaning: 'Starts that the rate of a limit may allow.' },
  limitRateMsMax: { value: DAY, min: SECOND, max: 366 * DAY, meaning: 'Longest time that a rate counts starts in.' },
  priorityMax: { value: 100, min: 1, max: 1_000, meaning: 'Priorities run from minus this to this.' },
  attemptsMax: { value: 100, min: 1, max: 10_000, meaning: 'Attempts that a job may ask for.' },
  delayMsMax: { value: 366 * DAY, min: 0, max: 3_660 * DAY, meaning: 'How far ahead a job may be scheduled.' },
  timeoutMsMax: {
    value: 7 * DAY,
    min: SECOND,
    max: 366 * DAY,
    meaning: 'Longest timeout of one attempt, deadline of one job, and backoff between attempts.',
  },
  retainMsMax: { value: 366 * DAY, min: 0, max: 3_660 * DAY, meaning: 'Longest retention of a final job.' },
  // Defaults of a job.
  retainMs: { value: 7 * DAY, min: 0, max: 366 * DAY, meaning: 'Retention of a final job that asks for none.' },
  tombstoneMs: {
    value: 7 * DAY,
    min: 0,
    max: 366 * DAY,
    meaning: 'How long a removed job answers 410 instead of 404.',
  },
  timeoutMs: {
    value: HOUR,
    min: SECOND,
    max: 7 * DAY,
    meaning: 'Timeout of one attempt where neither job nor type names one.',
  },
} satisfies Record<string, LimitDefinition>;
