/** Running jobs, and the work of the engine on the store. */
import { DAY, HOUR, KIB, type LimitDefinition, MIB, MINUTE, SECOND } from './definition.ts';

export const RUNNING_LIMITS = {
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
  bulkSlots: { value: 2, min: 1, max: 100, meaning: 'Bulk calls that one process works on at once.' },
  applyAttemptsMax: {
    value: 32,
    min: 1,
    max: 100,
    meaning:
      'Times a command is decided again because the job changed meanwhile: by other processes, since those of one go one after another.',
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
  statsRetainMs: {
    value: 7 * DAY,
    min: HOUR,
    max: 366 * DAY,
    meaning: 'How long figures are kept: a row per minute, process, tenant and type in which something happened.',
  },
} satisfies Record<string, LimitDefinition>;
