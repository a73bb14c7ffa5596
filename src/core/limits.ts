/**
 * Every maximum, deadline and default of Bide, in one table.
 *
 * Each is configurable (`limits` in the config), each has a range outside of which a config is refused, and each error that
 * comes from one says its value. What is not in this table has no hidden limit elsewhere.
 */

export interface LimitDefinition {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  /** What it bounds, and which failure it guards against. */
  readonly meaning: string;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const KIB = 1_024;
const MIB = 1_024 * KIB;

export const LIMIT_DEFINITIONS = Object.freeze({
  // Requests.
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
  listPageMax: { value: 500, min: 1, max: 5_000, meaning: 'Jobs on one page of a list.' },
  waitMsMax: {
    value: MINUTE,
    min: 0,
    max: HOUR,
    meaning: 'Longest hold of one request; a longer wait is a loop of the client.',
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
  keyCacheMax: { value: 10_000, min: 1, max: 1_000_000, meaning: 'Checked API keys and tokens kept in memory.' },
  // Parts of a job.
  typeLengthMax: { value: 100, min: 10, max: 500, meaning: 'Characters in a type name.' },
  tagsMax: { value: 20, min: 0, max: 100, meaning: 'Tags on one job.' },
  // These four are parts of index rows, of which PostgreSQL takes 2,704 bytes: a character is three bytes, or six where it must be escaped
  // (NUL, U+E000), and compression saves what repeats. The contract suite stores the worst of each range.
  tagKeyLengthMax: { value: 100, min: 1, max: 100, meaning: 'Characters in a tag name.' },
  tagValueLengthMax: { value: 500, min: 1, max: 500, meaning: 'Characters in a tag value.' },
  idempotencyKeyLengthMax: { value: 255, min: 1, max: 600, meaning: 'Characters in an Idempotency-Key.' },
  sequenceKeyLengthMax: { value: 255, min: 1, max: 600, meaning: 'Characters in a sequence key.' },
  callbackUrlLengthMax: { value: 2_000, min: 10, max: 20_000, meaning: 'Characters in a callback URL.' },
  progressMessageLengthMax: { value: 500, min: 10, max: 10_000, meaning: 'Characters kept of a progress message.' },
  errorMessageLengthMax: { value: 4_000, min: 100, max: 100_000, meaning: 'Characters kept of an error message.' },
  errorDetailsBytesMax: {
    value: 16 * KIB,
    min: 0,
    max: MIB,
    meaning: 'Bytes kept of the details of an error; more is dropped and said so.',
  },
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
  // Running.
  slots: {
    value: 10,
    min: 1,
    max: 10_000,
    meaning: 'Jobs of one type that run at once in one process, where the type names no number.',
  },
  leaseMs: {
    value: 30 * SECOND,
    min: SECOND,
    max: HOUR,
    meaning: 'Lease of a claimed job; a crashed worker holds its jobs this long at most.',
  },
  leaseMsMax: { value: HOUR, min: SECOND, max: DAY, meaning: 'Longest lease that a remote worker may ask for.' },
  claimMax: { value: 100, min: 1, max: 1_000, meaning: 'Jobs that one remote claim may take.' },
  cancelGraceMs: {
    value: 5 * SECOND,
    min: 0,
    max: 10 * MINUTE,
    meaning: 'Time a cancelled handler has to stop before its job is cancelled without it.',
  },
  threads: {
    value: 0,
    min: 0,
    max: 256,
    meaning: 'Threads that run function handlers; 0 is one per processor core, at least 2 and at most 8.',
  },
  threadMemoryMib: {
    value: 1_024,
    min: 16,
    max: 65_536,
    meaning: 'Heap of one handler thread in MiB; past it the thread is ended and its jobs fail.',
  },
  threadPingMs: {
    value: SECOND,
    min: 10,
    max: MINUTE,
    meaning:
      'Time a handler thread has to take a job on or to answer once a job must end; past it it is taken as looping.',
  },
  threadDrainMs: {
    value: 30 * SECOND,
    min: 0,
    max: HOUR,
    meaning: 'Time the other jobs of a thread have to finish when one job ignores its end and the thread must go.',
  },
  configLoadMs: {
    value: 30 * SECOND,
    min: SECOND,
    max: 10 * MINUTE,
    meaning: 'Time that importing the config may take, in the server and in each handler thread.',
  },
  drainMs: {
    value: 25 * SECOND,
    min: 0,
    max: HOUR,
    meaning: 'Time running jobs have to finish at shutdown before they are released.',
  },
  drainMsMin: {
    value: 0,
    min: 0,
    max: HOUR,
    meaning:
      'Time a stopping server goes on answering though nothing runs in it: what a load balancer takes to see that it is not ready.',
  },
  sweepIntervalMs: {
    value: SECOND,
    min: 50,
    max: MINUTE,
    meaning: 'Time between looks for lost leases, passed deadlines and ended retention.',
  },
  sweepBatchMax: { value: 500, min: 1, max: 10_000, meaning: 'Jobs that one sweep takes on.' },
  pollIntervalMs: {
    value: SECOND,
    min: 10,
    max: MINUTE,
    meaning:
      'Safety poll of dispatcher and waiters where several processes share a store; hints make it rarely matter.',
  },
  clockJumpMsMax: {
    value: 31 * DAY,
    min: 0,
    max: 3_660 * DAY,
    meaning:
      "How far the machine's clock may be ahead of the data folder and be followed. Past it Bide goes on where the data ends, so that a wrong clock ends no retention, until a start with --trust-clock.",
  },
  progressIntervalMs: {
    value: 100,
    min: 0,
    max: MINUTE,
    meaning:
      'Shortest time between two stored progress reports of one job; without it a chatty handler writes a row per commit.',
  },
  applyAttemptsMax: {
    value: 8,
    min: 1,
    max: 100,
    meaning: 'Times a command is decided again because the job changed meanwhile.',
  },
  batchMax: { value: 1_000, min: 1, max: 10_000, meaning: 'Operations that one store batch carries.' },
  batchBytesMax: {
    value: 8 * MIB,
    min: 64 * KIB,
    max: 1_024 * MIB,
    meaning: 'Bytes of inputs and results that one store batch carries; a single larger item goes alone.',
  },
  batchQueueMax: {
    value: 50_000,
    min: 100,
    max: 1_000_000,
    meaning: 'Operations that may wait for a store batch; past it callers get 503 at once.',
  },
  snapshotsMax: { value: 100_000, min: 0, max: 10_000_000, meaning: 'Job snapshots kept in memory.' },
  snapshotBytesMax: {
    value: 256 * MIB,
    min: 0,
    max: 16_384 * MIB,
    meaning:
      'Bytes of job snapshots kept in memory: tags, errors and inline results included, counted as the heap holds them.',
  },
  snapshotIdleMs: {
    value: MINUTE,
    min: SECOND,
    max: DAY,
    meaning: 'Time without a reader after which a job snapshot leaves memory, twice as long at the most.',
  },
  // Deliveries.
  deliveryTimeoutMs: { value: 5 * SECOND, min: 100, max: MINUTE, meaning: 'Time a callback URL has to answer.' },
  deliveryTriesMax: { value: 3, min: 1, max: 100, meaning: 'Tries of one delivery before it is given up.' },
  deliveriesMax: { value: 20, min: 1, max: 1_000, meaning: 'Deliveries under way at once in one process.' },
  deliveriesPerTenantMax: {
    value: 10,
    min: 1,
    max: 1_000,
    meaning:
      'Deliveries of one tenant under way at once in one process: slow receivers of one keep nobody else waiting.',
  },
  deliveriesPerEndpointMax: {
    value: 3,
    min: 1,
    max: 1_000,
    meaning:
      'Deliveries of one tenant to one host under way at once in one process: a slow one does not hold up those to others.',
  },
  // Tenants.
  jobsWaitingMax: {
    value: 1_000_000,
    min: 1,
    max: 1_000_000_000,
    meaning:
      'Unfinished jobs of one tenant; past it a submit gets 429. Processes that share a store each count every 10 s: together they may pass it by what they take in between.',
  },
  documentsPerTenantMax: {
    value: 50_000,
    min: 1,
    max: 10_000_000,
    meaning:
      'Documents of one tenant: conversations with their notes, saved queries, data sets; past it a new one gets 429.',
  },
  documentBytesPerTenantMax: {
    value: 256 * MIB,
    min: MIB,
    max: 65_536 * MIB,
    meaning: 'Bytes of the documents of one tenant together. Each process counts them anew every 10 s.',
  },
} satisfies Record<string, LimitDefinition>);

export type LimitName = keyof typeof LIMIT_DEFINITIONS;
export type Limits = Readonly<Record<LimitName, number>>;

export const DEFAULT_LIMITS: Limits = Object.freeze(
  Object.fromEntries(Object.entries(LIMIT_DEFINITIONS).map(([name, definition]) => [name, definition.value])),
) as Limits;

/** The limits with `overrides` applied, or the sentence that says which one is out of range or unknown. */
export function limitsWith(
  overrides: Readonly<Record<string, number>>,
): { readonly kind: 'limits'; readonly limits: Limits } | { readonly kind: 'invalid'; readonly message: string } {
  for (const [name, value] of Object.entries(overrides)) {
    const definition: LimitDefinition | undefined = Object.hasOwn(LIMIT_DEFINITIONS, name)
      ? LIMIT_DEFINITIONS[name as LimitName]
      : undefined;
    if (definition === undefined) return { kind: 'invalid', message: `There is no limit named ${name}.` };
    if (!Number.isSafeInteger(value) || value < definition.min || value > definition.max) {
      const range = `a whole number from ${definition.min} to ${definition.max}`;
      return { kind: 'invalid', message: `Limit ${name} must be ${range}, not ${value}.` };
    }
  }
  return { kind: 'limits', limits: Object.freeze({ ...DEFAULT_LIMITS, ...overrides }) };
}
