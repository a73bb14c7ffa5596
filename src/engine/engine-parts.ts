/** Makes the parts of the engine and wires them to each other. The order is the order of dependence; there is no cycle. */

import type { Weights } from '../core/fairness/turns.ts';
import type { Limits } from '../core/limits.ts';
import type { CheckAttempt, Engine, JobCallbacks, JobType, RenderDelivery } from './api.ts';
import { type Audit, createAudit } from './auditing/audit.ts';
import { bulkType } from './bulk/bulk.ts';
import { tellChanges } from './change-telemetry.ts';
import { createChanges } from './changes.ts';
import { type Commands, createCommands } from './commanding/commands.ts';
import { createRemovals, type Removals } from './commanding/removals.ts';
import { createDeliveries } from './deliveries/deliveries.ts';
import { createPostDelivery, type PostDelivery } from './deliveries/post-delivery.ts';
import type { EngineBase } from './engine-base.ts';
import { createFanOut } from './events/fan-out.ts';
import { createEventPruning } from './events/pruning.ts';
import { createFeed, type FeedParts } from './feed/feed.ts';
import type { BatchWorkOptions } from './file-batches/batch-options.ts';
import { createFileBatches } from './file-batches/file-batches.ts';
import type { Files } from './files/api-files.ts';
import { createFiles } from './files/files.ts';
import { createGroupEnds, type GroupEnds } from './groups/group-ends.ts';
import { createGroupWatch, type GroupWatch } from './groups/group-watch.ts';
import type { CloseKey, KeyLimits } from './limits/key-limits.ts';
import { createLimitDesk } from './limits/limit-desk.ts';
import { createTicketing } from './limits/ticketing.ts';
import { createLogs, type Logs } from './logging/logs.ts';
import { createLoop, type Loop } from './loop.ts';
import { createOperatingParts, type OperatingParts } from './operating/operating-parts.ts';
import type { ProcessFacts } from './operating/presence.ts';
import { createDurations, type Durations } from './reading/durations.ts';
import { createPopulation, type Population } from './reading/population.ts';
import { createReader, type Reader } from './reading/reader.ts';
import { createParentJobs } from './reading/relations.ts';
import { createRereads } from './reading/rereads.ts';
import { createSnapshots, type Snapshots } from './reading/snapshots.ts';
import { createWaiters, type Waiters } from './reading/waiters.ts';
import { createWork, type Work } from './remote/work.ts';
import { createWorkDesk, type WorkDesk } from './remote/work-desk.ts';
import { createDispatcher, type Dispatcher } from './running/dispatcher.ts';
import { createExtensions, createLeases } from './running/leases.ts';
import { createLiveAttempts, type LiveAttempts } from './running/live-attempts.ts';
import { createSweeper } from './running/sweeper.ts';
import { createWakeWatch } from './running/wake-watch.ts';
import { createScheduleDesk } from './schedules/schedule-desk.ts';
import type { Schedules } from './schedules/schedules.ts';
import { createTicking, type TickingOptions } from './schedules/ticking.ts';
import { createFreeChildren } from './settling/free-children.ts';
import { createSettling } from './settling/settling.ts';
import type { Coming } from './submitting/coming.ts';
import type { Submits } from './submitting/submit.ts';
import { type Books, createBooks } from './webhooks/books.ts';
import { createWebhookDesk } from './webhooks/desk.ts';
import { createEndpointHealth } from './webhooks/endpoint-health.ts';
import { createJobCallbacks } from './webhooks/job-callbacks.ts';
import type { Webhooks } from './webhooks/webhooks.ts';

export interface PartsOptions extends Pick<EngineBase, 'store' | 'limits' | 'clock' | 'random' | 'telemetry'> {
  readonly types: readonly JobType[];
  readonly tenantWeights?: Weights | undefined;
  readonly workerName: string;
  readonly runsJobs: boolean;
  readonly about?: ProcessFacts | undefined;
  readonly renderDelivery?: ReadonlyMap<string, RenderDelivery>;
  readonly postDelivery?: PostDelivery;
  readonly checkAttempt?: ReadonlyMap<string, CheckAttempt>;
  readonly allowsPrivateDeliveries?: boolean;
  /** Made of these parts, as `tools` are. */
  readonly submits: () => Submits;
  readonly tools: () => Pick<Engine, 'groups' | 'bulk' | 'list'>;
}

export interface EngineParts extends EngineBase, OperatingParts {
  readonly allowsPrivateDeliveries: boolean;
  readonly draining: AbortController;
  readonly closing: AbortController;
  readonly reader: Reader;
  readonly audit: Audit;
  /** The types that callers may submit: all but Bide's own. */
  readonly offered: EngineBase['types'];
  /** Takes these in place of them. */
  readonly retype: (types: readonly JobType[]) => void;
  readonly commands: Commands;
  readonly removals: Removals;
  readonly logs: Logs;
  readonly population: Population;
  readonly durations: Durations;
  readonly waiters: Waiters;
  readonly live: LiveAttempts;
  readonly dispatcher: Dispatcher;
  readonly desk: WorkDesk;
  readonly work: Work;
  readonly coming: Coming;
  readonly groupWatch: GroupWatch;
  readonly groupEnds: GroupEnds;
  readonly books: Books;
  readonly webhooks: Webhooks;
  readonly callbacks: JobCallbacks;
  readonly schedules: Schedules;
  readonly keyLimits: KeyLimits;
  readonly feed: FeedParts;
  readonly files: Files;
  readonly fileBatches: Engine['fileBatches'];
  /** All background loops but the dispatcher, which starts last and stops first. */
  readonly loops: readonly Loop[];
  /** What to do with other processes' hints. */
  readonly listening: {
    readonly onJobs: (ids: readonly string[] | null) => void;
    readonly onWork: (types: readonly string[] | null) => void;
  };
}

export function createParts(options: PartsOptions): EngineParts {
  const { limits, telemetry } = options;
  const own = bulkType(limits, () => known);
  const [types, offered] = [byName([...options.types, own]), byName(options.types)];
  const changes = createChanges(telemetry);
  const snapshots = createSnapshots(limits);
  const base = { ...options, types, changes, snapshots };
  const live = createLiveAttempts(base);
  const reader = createReader({ ...base, runningHere: (id) => live.get(id)?.job });
  const commands = createCommands({ ...base, reader, onFreeing: claimedBehind(options, () => dispatcher) });
  const removals = createRemovals(base);
  const population = createPopulation(base);
  const durations = createDurations(changes, population);
  const waiters = createWaiters({ ...base, reader });
  const operating = createOperatingParts({ ...base, onResumed: (some) => listening.onWork(some) });
  const noting = { logs: createLogs(base), audit: createAudit(options), parentJobs: createParentJobs(base, reader) };
  const closeKey: CloseKey = (job, ms) => keyLimits.closeKey(job, ms);
  const known = { ...base, reader, commands, removals, live, closeKey, ...noting, ...operating };
  const dispatcher = createDispatcher({ ...known, ownTypes: [...types.values()] });
  const desk = createWorkDesk({ ...known, remoteTypes: () => remoteNames([...offered.values()]) });
  const extensions = createExtensions(base);
  const work = createWork({ ...known, types: offered, desk, waiters, extensions });
  const rereads = createRereads({ ...known, waiters });
  const counting = createLoop({ ...base, name: 'counting', run: () => population.refresh() });
  tellChanges(changes, telemetry);
  const takers = options.runsJobs ? [dispatcher, desk] : [desk];
  const delivering = createDelivering(base, options);
  const grouping = createGrouping({ ...base, commands }, comingTo(takers));
  const filing = createFiling({ ...options, ...base, watch: grouping.groupWatch });
  const scheduling = createScheduling({ ...known, ...options, types: offered, coming: grouping.coming });
  const onWork = workTo([...takers, scheduling]);
  const listening = { onJobs: jobsTo([rereads, delivering.feed, grouping.groupWatch]), onWork };
  const ticketing = createTicketing({ ...base, onWork });
  const keyLimits = createLimitDesk({ ...base, wake: () => ticketing.wake(), onWork });
  const watch = createWakeWatch({ ...known, onJump: () => listening.onWork(null) });
  changes.listen(({ kind }) => (kind === 'unsure' ? lookAgain(listening, counting) : undefined));
  return {
    ...known,
    ...delivering,
    ...{ ...grouping, ...filing },
    ...{ offered, retype: retyping({ types, offered, own, dispatcher, onWork }) },
    ...{ draining: new AbortController(), closing: new AbortController(), schedules: scheduling.schedules, keyLimits },
    ...{ population, durations, waiters, dispatcher, desk, work, listening },
    loops: [
      watch,
      createLeases({ ...known, extensions }),
      createSweeper({ ...known, watch }),
      ...operating.operatingLoops,
      desk,
      scheduling.ticking,
      ...filing.filingLoops,
      ticketing,
      rereads,
      ...grouping.settlingLoops,
      counting,
      createLoop({ ...base, name: 'snapshots', run: agedBy(snapshots, limits) }),
      ...delivering.loops,
    ],
  };
}

function createGrouping(base: EngineBase & { readonly commands: Commands }, coming: Coming) {
  const groupWatch = createGroupWatch(base);
  const groupEnds = createGroupEnds({ ...base, coming, watch: groupWatch });
  // Groups first: what is told of a child that was retried is gone when it has looked at its parents.
  const settling = createSettling({ ...base, takers: [groupEnds.take, createFreeChildren(base)] });
  return { coming, groupWatch, groupEnds, settlingLoops: [settling, ...groupEnds.loops] };
}

function createFiling(options: Omit<BatchWorkOptions, 'files'>) {
  const { files, loop } = createFiles(options);
  const batches = createFileBatches({ ...options, files });
  return { files, fileBatches: batches.fileBatches, filingLoops: [loop, batches.loop] };
}

function createDelivering(base: EngineBase, options: PartsOptions) {
  const allowsPrivateDeliveries = options.allowsPrivateDeliveries === true;
  const books = createBooks(base);
  const health = createEndpointHealth({ ...base, books });
  const callbacks = createJobCallbacks({ ...base, allowsPrivateDeliveries });
  const post = options.postDelivery ?? createPostDelivery({ allowsPrivate: allowsPrivateDeliveries });
  const feed = createFeed(base);
  const sender = createDeliveries({ ...base, books, callbacks, health, post });
  const wake = () => sender.wake();
  const renderers = options.renderDelivery ?? new Map<string, RenderDelivery>();
  const dialects = [...renderers].flatMap(([name, { isForWebhooks }]) => (isForWebhooks === true ? [name] : []));
  return {
    allowsPrivateDeliveries,
    books,
    callbacks,
    feed,
    webhooks: createWebhookDesk({ ...base, books, allowsPrivateDeliveries, dialects, wake }),
    // Whoever knows no words leaves events and deliveries to those who do.
    loops: [
      feed.loop,
      ...(renderers.size === 0
        ? []
        : [
            createFanOut({ ...base, books, callbacks, health, renderers, wakeSender: wake }),
            sender,
            createEventPruning(base),
          ]),
    ],
  };
}

function createScheduling(options: TickingOptions) {
  const ticking = createTicking(options);
  return {
    ticking,
    /** Of null all may have changed, the time included. */
    hint: (some: readonly string[] | null) => (some === null ? ticking.wake() : undefined),
    schedules: createScheduleDesk({ ...options, wake: () => ticking.wake() }),
  };
}

/** Elsewhere a claim may come before the write that it was to follow. */
function claimedBehind({ runsJobs, store }: PartsOptions, dispatcher: () => Dispatcher): () => void {
  return runsJobs && !store.facts.isShared ? () => dispatcher().hint(null) : () => {};
}

function byName(types: readonly JobType[]): Map<string, JobType> {
  return new Map(types.map((type) => [type.name, type]));
}

/** Anything may have changed. */
function lookAgain({ onJobs, onWork }: EngineParts['listening'], counting: Loop): void {
  onJobs(null);
  onWork(null);
  counting.wake();
}

function jobsTo(hearers: readonly { hint(ids: readonly string[] | null): void }[]): EngineParts['listening']['onJobs'] {
  return (ids) => {
    for (const hearer of hearers) hearer.hint(ids);
  };
}

function workTo(takers: readonly Pick<Dispatcher, 'hint'>[]): EngineParts['listening']['onWork'] {
  return (some) => {
    for (const taker of takers) taker.hint(some);
  };
}

interface Retyping {
  readonly types: Map<string, JobType>;
  readonly offered: Map<string, JobType>;
  readonly own: JobType;
  readonly dispatcher: Dispatcher;
  readonly onWork: (types: null) => void;
}

function retyping({ types, offered, own, dispatcher, onWork }: Retyping): EngineParts['retype'] {
  return (next) => {
    become(types, [...next, own]);
    become(offered, next);
    dispatcher.retype([...next, own]);
    onWork(null);
  };
}

/** In place: all parts look into the same maps. */
function become(types: Map<string, JobType>, next: readonly JobType[]): void {
  types.clear();
  for (const type of next) types.set(type.name, type);
}

function remoteNames(types: readonly JobType[]): readonly string[] {
  return types.filter(({ handler }) => handler === 'remote').map(({ name }) => name);
}

function comingTo(takers: readonly { expect(specs: Parameters<Coming>[0]): void }[]): Coming {
  return (specs) => {
    if (specs.length === 0) return;
    for (const taker of takers) taker.expect(specs);
  };
}

/** Without it the last snapshots of a busy hour would stay until the next one. */
function agedBy(snapshots: Snapshots, limits: Limits): () => Promise<number> {
  return async () => {
    snapshots.age();
    return limits.snapshotIdleMs;
  };
}
