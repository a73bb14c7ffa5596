/** What one request, one connection and all who wait may take. */
import { DAY, HOUR, KIB, type LimitDefinition, MIB, MINUTE, SECOND } from './definition.ts';

export const REQUEST_LIMITS = {
  bodyBytesMax: {
    value: MIB,
    min: KIB,
    max: 64 * MIB,
    meaning: 'Body of one request, results of remote workers excepted.',
  },
  resultBytesMax: { value: 16 * MIB, min: KIB, max: 1_024 * MIB, meaning: 'Result of one job.' },
  resultInlineBytesMax: {
    value: 64 * KIB,
    min: 0,
    max: MIB,
    meaning: 'JSON results up to this size are part of the status body; larger ones are fetched from /result.',
  },
  jobsPerCallMax: { value: 1_000, min: 1, max: 10_000, meaning: 'Jobs in one bulk submit.' },
  idsPerCallMax: { value: 1_000, min: 1, max: 10_000, meaning: 'Job ids in one wait.' },
  logPageMax: { value: 1_000, min: 1, max: 10_000, meaning: 'Lines of a log, or chunks of output, in one answer.' },
  outputPageBytesMax: {
    value: MIB,
    min: KIB,
    max: 64 * MIB,
    meaning: 'Bytes of output in one answer; the first chunk is there whatever its size.',
  },
  listPageMax: { value: 500, min: 1, max: 5_000, meaning: 'Jobs on one page of a list.' },
  countedJobsMax: {
    value: 10_000,
    min: 1_000,
    max: 100_000_000,
    meaning:
      'Jobs that one call counts where they have to be looked at (by tag, time, error): beyond, its answer says "at least". Counts by type and state are kept, and have no bound.',
  },
  listSearchMax: {
    value: 5_000,
    min: 1_000,
    max: 1_000_000,
    meaning:
      'Jobs that one call looks at in search of a text; what it has found by then it answers, with a cursor to go on.',
  },
  waitMsMax: {
    value: MINUTE,
    min: 0,
    max: HOUR,
    meaning: 'Longest hold of one request; a longer wait is a loop of the client.',
  },
  pollsPerSecondMax: {
    value: 2_000,
    min: 1,
    max: 10_000_000,
    meaning:
      'Looks of one key at unfinished jobs a second, ten times as many at once; past it 429. Looks that wait and looks at finished jobs are not counted.',
  },
  holdsMax: {
    value: 20_000,
    min: 1,
    max: 1_000_000,
    meaning: 'Requests held open at once, event streams among them; past it a wait is answered at once with 503.',
  },
  holdsPerTenantMax: {
    value: 10_000,
    min: 1,
    max: 1_000_000,
    meaning:
      'Requests of one tenant held open at once, event streams among them: what is left of holdsMax is for others.',
  },
  holdsPerJobTokenMax: {
    value: 100,
    min: 1,
    max: 1_000_000,
    meaning:
      'Requests held open at once for the tokens of one job: pages that have one leave the rest of holdsPerTenantMax to keys and workers.',
  },
  waitIdsPerTenantMax: {
    value: 100_000,
    min: 1_000,
    max: 100_000_000,
    meaning: 'Job ids that the held requests of one tenant wait for together; past it a wait gets 503.',
  },
  pageBytesMax: {
    value: 4 * MIB,
    min: 64 * KIB,
    max: 1_024 * MIB,
    meaning:
      'Bytes of one page of a list, which ends early and has a cursor; past it the answer to a wait for many leaves results out, to be fetched from /result.',
  },
  answerBytesPerTenantMax: {
    value: 64 * MIB,
    min: MIB,
    max: 16_384 * MIB,
    meaning: 'Bytes of answers to one tenant that are made and not read yet; past it the next large one gets 503.',
  },
  answerBytesMax: {
    value: 256 * MIB,
    min: MIB,
    max: 16_384 * MIB,
    meaning: 'Bytes of answers to all tenants that are made and not read yet.',
  },
  uploadsMax: {
    value: 100,
    min: 1,
    max: 10_000,
    meaning: 'Uploads of files to one process that are being sent at once; past it the next gets 503.',
  },
  uploadsPerTenantMax: {
    value: 20,
    min: 1,
    max: 10_000,
    meaning: 'Uploads of one tenant that are being sent at once: whoever sends slowly keeps nobody else from sending.',
  },
  answerStallMs: {
    value: 30 * SECOND,
    min: SECOND,
    max: HOUR,
    meaning: 'Time in which the reader of an answer has to take some of it; past it the connection is cut.',
  },
  eventsMsMax: {
    value: 10 * MINUTE,
    min: 0,
    max: DAY,
    meaning:
      'Longest life of one event stream; its client resumes where it ended. 0 ends each after the current snapshot.',
  },
  eventsKeepAliveMs: {
    value: 15 * SECOND,
    min: SECOND,
    max: HOUR,
    meaning:
      'Silence on an event stream after which a comment is sent: proxies cut connections that are quiet for a minute.',
  },
  eventsRetryMs: {
    value: 2 * SECOND,
    min: 100,
    max: HOUR,
    meaning: 'How long the client of an event stream that ended is told to stay away before it resumes.',
  },
  headerTimeoutMs: {
    value: 20 * SECOND,
    min: SECOND,
    max: 10 * MINUTE,
    meaning: 'Time a client has to send its headers.',
  },
  requestTimeoutMs: {
    value: 5 * MINUTE,
    min: SECOND,
    max: HOUR,
    meaning: 'Time a client has to send its whole request.',
  },
  idleTimeoutMs: {
    value: 72 * SECOND,
    min: SECOND,
    max: HOUR,
    meaning: 'Keep-alive connections without a request are closed after this.',
  },
  headerBytesMax: {
    value: 16 * KIB,
    min: 2 * KIB,
    max: 256 * KIB,
    meaning: 'Request line and headers of one request together.',
  },
  connectionsMax: {
    value: 50_000,
    min: 1,
    max: 1_000_000,
    meaning:
      'Open connections; further ones are closed at once. Fewer where the process may open fewer files (`ulimit -n`): 256 of them, or half, are left for the database, threads and programs.',
  },
  jsonDepthMax: {
    value: 200,
    min: 10,
    max: 1_000,
    meaning:
      'Nesting of a JSON body or result; writing JSON recurses, and some thousand levels would exhaust the stack.',
  },
  keyCacheMs: {
    value: 3 * SECOND,
    min: 0,
    max: MINUTE,
    meaning: 'How long a checked API key is trusted without asking the store: a revocation elsewhere takes this long.',
  },
  jobTokenMsMax: {
    value: 24 * HOUR,
    min: MINUTE,
    max: 30 * 24 * HOUR,
    meaning: 'Longest life of a token of a job, which lets a page read it.',
  },
  keyCacheMax: { value: 10_000, min: 1, max: 1_000_000, meaning: 'Checked API keys and tokens kept in memory.' },
} satisfies Record<string, LimitDefinition>;
