/**
 * Puts the engine together from its parts. Nothing here decides anything; `start` and `stop` say in which order parts come and go.
 *
 * Start: end the leases of a process that died, read which types are paused, count what is there, then sweep, renew leases, poll, claim. Stop (`shutdown.ts`): stop claiming,
 * let attempts finish, give back what did not, end the waits, stop the loops, close the handlers. The store stays open: whoever
 * opened it closes it.
 */
import type { Weights } from '../core/fairness/turns.ts';
import { shownState } from '../core/state.ts';
import type { OldestDue } from '../store/contract.ts';
import { flushSpans } from '../trace/open-span.ts';
import type { CheckAttempt, Engine, EngineEvent, JobType, RenderDelivery } from './api.ts';
import { createBulk } from './bulk/bulk.ts';
import type { Change, Removed } from './changes.ts';
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import { createAmend } from './commanding/amend.ts';
import { createControl } from './commanding/control.ts';
import { createResubmit } from './commanding/resubmit.ts';
import { createSignal } from './commanding/signal.ts';
import type { PostDelivery } from './deliveries/post-delivery.ts';
import type { EngineBase } from './engine-base.ts';
import { createParts, type EngineParts } from './engine-parts.ts';
import { createGroups } from './groups/create-groups.ts';
import { startHints } from './hints.ts';
import { createLogReads } from './logging/log-reads.ts';
import { createPausing } from './operating/pausing.ts';
import type { ProcessFacts } from './operating/presence.ts';
import { createReports } from './operating/reports.ts';
import { createReadiness, type Readiness } from './readiness.ts';
import { createHeldBack } from './reading/held-back.ts';
import { createQueries } from './reading/queries.ts';
import { createRelations } from './reading/relations.ts';
import { endOrphanLeases } from './running/orphans.ts';
import { drain, type StopOptions, shutDown } from './shutdown.ts';
import { createSubmits } from './submitting/submit.ts';
import { createTelemetry, type Telemetry } from './telemetry.ts';

/** A stop does not wait longer for whoever collects traces. */
const FLUSH_MS_MAX = 5_000;

export interface EngineOptions extends Pick<EngineBase, 'store' | 'limits'> {
  readonly types: readonly JobType[];
  /** Of tenants that do not weigh 1: their share of the slots, where others wait too. */
  readonly tenantWeights?: Weights | undefined;
  readonly clock?: Clock;
  /** In [0, 1): spreads retries and polls. */
  readonly random?: () => number;
  /** Names this process in leases; unique among the processes that share the store. */
  readonly workerName: string;
  /** False: this process only answers callers; others run the jobs. */
  readonly runsJobs: boolean;
  /** What the list of workers says of this process. */
  readonly about?: ProcessFacts;
  readonly telemetry?: Telemetry;
  /** By the dialect of a job's origin, `native` for those without. Without any this process delivers nothing. */
  readonly renderDelivery?: ReadonlyMap<string, RenderDelivery>;
  readonly postDelivery?: PostDelivery;
  /** By the dialect of a job's origin. */
  readonly checkAttempt?: ReadonlyMap<string, CheckAttempt>;
  /** Whether deliveries may go to loopback, private and link-local addresses. */
  readonly allowsPrivateDeliveries?: boolean;
}

export interface EngineStats {
  /** Handlers running, per type. */
  readonly running: ReadonlyMap<string, number>;
  readonly slots: ReadonlyMap<string, number>;
  /** Attempts that are running or being recorded. */
  readonly attempts: number;
  readonly waits: number;
  readonly workersWaiting: number;
  readonly snapshots: number;
  readonly snapshotBytes: number;
}

export interface RunningEngine extends Engine {
  readonly telemetry: Telemetry;
  /** Resolves when callers may come. Rejects when the store does not answer. */
  start(): Promise<void>;
  /**
   * The first half of a stop, with everything still answered: not ready, no more claims, running jobs end or are given back.
   * Safe to call twice: the second call waits for the first, and its `force` counts too.
   */
  drain(options?: StopOptions): Promise<void>;
  /** Drains, then ends all waits and frees everything. Safe to call twice like `drain`, and after it. */
  stop(options?: StopOptions): Promise<void>;
  /**
   * Takes these types in place of those before, at once: what runs goes on as it began, and new attempts are of the new ones. Jobs of a type that is no
   * more wait. The handlers before are their owner's to close, when their last runs have ended.
   */
  retype(types: readonly JobType[]): void;
  isReady(): Promise<Readiness>;
  stats(): EngineStats;
  /** The earliest time at which a job of each type was due that still waits, of whatever tenant; none for types without one. */
  oldestDue(types: readonly string[]): Promise<readonly OldestDue[]>;
}

export function createEngine(options: EngineOptions): RunningEngine {
  const clock = options.clock ?? systemClock;
  const telemetry = options.telemetry ?? createTelemetry();
  const random = options.random ?? Math.random;
  const parts = createParts({ ...options, clock, telemetry, random, submits: () => submits, tools: () => engine });
  const submits = createSubmits(parts);
  const lifecycle = createLifecycle(options, parts);

  const engine: RunningEngine = {
    clock,
    limits: options.limits,
    telemetry,
    draining: parts.draining.signal,
    closing: parts.closing.signal,
    ...createQueries(parts),
    ...createControl(parts),
    ...createRelations(parts),
    ...createHeldBack(parts),
    ...parts.work,
    ...createPausing({ ...parts, types: parts.offered }),
    ...lifecycle,
    submit: submits.submit,
    signal: createSignal(parts),
    amend: createAmend(parts),
    resubmit: createResubmit({ ...parts, submit: submits.submit }),
    bulk: createBulk(parts, submits.submitOwn),
    groups: createGroups({ ...parts, submits, watch: parts.groupWatch, ends: parts.groupEnds }),
    webhooks: parts.webhooks,
    callbacks: parts.callbacks,
    files: parts.files,
    fileBatches: parts.fileBatches,
    schedules: parts.schedules,
    keyLimits: parts.keyLimits,
    feed: { read: parts.feed.read },
    readLogs: createLogReads(parts),
    ...createReports({ ...parts, types: parts.offered }),
    audit: parts.audit,
    wait: (request) => parts.waiters.wait(request),
    retryAfterMs: ({ job }) => parts.durations.remainingMs(job, clock.now(), parts.types.get(job.type)?.slots ?? 1),
    subscribe: (listener) =>
      parts.changes.listen((change) => {
        if (change.kind !== 'unsure') listener(eventOf(change, clock));
      }),
    stats: () => statsOf(parts),
    oldestDue: (types) => parts.store.oldestDue({ tenant: null, types, now: clock.now() }),
    retype: parts.retype,
  };
  return engine;
}

function createLifecycle(
  options: EngineOptions,
  parts: EngineParts,
): Pick<RunningEngine, 'start' | 'drain' | 'stop' | 'isReady'> {
  let state: 'new' | 'started' | 'stopped' = 'new';
  const readiness = createReadiness(parts);
  let stopHints: () => void = () => {};
  let draining: Promise<void> | null = null;
  let stopping: Promise<void> | null = null;
  const forces = new AbortController();
  const drained = ({ drainMs = parts.limits.drainMs, drainMsMin = 0, force }: StopOptions) => {
    if (force?.aborted) forces.abort();
    force?.addEventListener('abort', () => forces.abort(), { once: true });
    state = 'stopped';
    draining ??= drain(parts, { drainMs, drainMsMin, force: forces.signal });
    return draining;
  };

  return {
    async start() {
      if (state !== 'new') return;
      // A store that answers and cannot be written to is told here, not by the first caller.
      await options.store.ping();
      await endOrphanLeases(parts);
      await parts.pauses.refresh();
      await parts.population.refresh();
      if (state !== 'new') return;
      state = 'started';
      stopHints = startHints({ ...parts, ...parts.listening });
      for (const loop of parts.loops) loop.start();
      if (options.runsJobs) parts.dispatcher.start();
    },
    drain: (options = {}) => drained(options),
    stop(options = {}) {
      const first = drained(options);
      stopping ??= first
        .then(() => shutDown(parts))
        .then(() => flushSpans(FLUSH_MS_MAX))
        .finally(() => stopHints());
      return stopping;
    },
    isReady: () => readiness(state),
  };
}

function eventOf(change: Change | Removed, clock: Clock): EngineEvent {
  if (change.kind === 'removed') return { kind: 'removed', id: change.id };
  const { snapshot } = change;
  return { kind: 'changed', snapshot, shown: shownState(snapshot.job, clock.now()) };
}

function statsOf({ dispatcher, types, live, waiters, desk, snapshots }: EngineParts): EngineStats {
  return {
    running: dispatcher.running(),
    slots: new Map([...types.values()].map(({ name, slots }) => [name, slots])),
    attempts: live.count,
    waits: waiters.count,
    workersWaiting: desk.count,
    snapshots: snapshots.count,
    snapshotBytes: snapshots.bytes,
  };
}
