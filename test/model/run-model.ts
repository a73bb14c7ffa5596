/** Plays one list of random commands against a store and the oracle, and compares every answer and the end. */
import assert from 'node:assert/strict';
import { type Command, decide, expectedStates } from '../../src/core/decide.ts';
import type { Job } from '../../src/core/job.ts';
import type { StoredState } from '../../src/core/state.ts';
import type {
  ClaimRequest,
  Expectation,
  GuardedPatch,
  JobEvent,
  ListFilter,
  NewDelivery,
  Store,
} from '../../src/store/contract.ts';
import type { Filter, Guard, ModelCommand, Step } from './commands.ts';
import { MODEL_LANE } from './delivery-oracle.ts';
import { TENANTS, TYPES } from './domains.ts';
import { drain } from './drain.ts';
import { createOracle, sortedCounts } from './oracle.ts';
import { type Play, pickOf, START, UNKNOWN } from './play.ts';
import { insert } from './play-inserts.ts';
import { performOnLimits } from './play-limits.ts';
import { compareLinks, free } from './play-links.ts';
import { performOnSchedules } from './play-schedules.ts';

export async function runModel(store: Store, commands: readonly ModelCommand[]): Promise<void> {
  const play: Play = { store, oracle: createOracle(), ids: [], now: START };
  for (const command of commands) await perform(play, command);
  await compareAll(play);
  await compareLinks(play);
  play.oracle.schedules.end();
  await drain(play);
  await compareAll(play);
}

async function perform(play: Play, command: ModelCommand): Promise<void> {
  const { store, oracle, now } = play;
  switch (command.kind) {
    case 'tick':
      play.now += command.ms;
      return;
    case 'insert':
      return insert(play, command.submits);
    case 'claim': {
      const request = claimOf(command, now);
      oracle.claims.claim(request, await store.claim(request));
      return;
    }
    case 'take':
      return take(play, command.steps);
    case 'extend':
      return extend(play, command);
    case 'sweep':
      assert.deepEqual(await store.sweep({ now, limit: command.limit }), oracle.sweep(now, command.limit));
      return;
    case 'remove':
      return remove(play, command);
    case 'read':
      return read(play, command.picks);
    case 'list':
      return list(play, command.filter);
    case 'nextRunAt': {
      const answer = await store.nextRunAt({ types: TYPES, now });
      assert.ok(
        oracle.claims.nextRunAts(TYPES, now).includes(answer),
        `${answer} is none of ${oracle.claims.nextRunAts(TYPES, now)}`,
      );
      return;
    }
    case 'deliver': {
      const { max, leaseMs } = command;
      await fanOut(play, 1_000);
      oracle.deliveries.claimed(await store.deliveryClaim({ now, leaseMs, max }), now, leaseMs, max);
      return;
    }
    case 'settle':
      return settle(play, command);
    case 'free':
      await free(play, command);
      return;
    case 'limitSettle':
    case 'limitRead':
    case 'limitWrite':
      return performOnLimits(play, command);
    case 'schedulePut':
    case 'scheduleRemove':
    case 'scheduleLook':
      return performOnSchedules(play, command);
    default:
      return performOnEvents(play, command);
  }
}

/** All tenants in turn: then there is room for all slots, since where a round stands that another type cut short is the driver's own choice. */
function claimOf(
  { types, slots, max, tenant, leaseMs, cluster, weights }: Extract<ModelCommand, { kind: 'claim' }>,
  now: number,
): ClaimRequest {
  const wants = types.map((type) => ({ type, max: slots, ...(cluster === null ? {} : { cluster }) }));
  const maxOfAll = tenant === null || cluster !== null ? slots * types.length : max;
  return { wants, max: maxOfAll, tenant, leaseMs, now, weights, worker: 'w' };
}

/** At most one patch per job: which of two patches of one batch comes first is not promised. */
async function take(play: Play, steps: readonly Step[]): Promise<void> {
  const patches = new Map<string, GuardedPatch>();
  for (const step of steps) {
    const job = pickOf(play.oracle.jobs(), step.pick);
    const patch = job === undefined || patches.has(job.id) ? null : patchOf(job, step, play.now);
    if (patch !== null) patches.set(patch.id, patch);
  }
  // Alone: what an end frees could be what another patch of its batch is about, and which comes first is not promised.
  const own = [...patches.values()].map((patch) => (patches.size === 1 ? { ...patch, frees: isEnd(patch) } : patch));
  const unknown = { id: UNKNOWN, expect: { states: ['waiting'] as const }, patch: {}, now: play.now };
  const batch = [...own, unknown];
  const answers = await play.store.apply(batch);
  assert.deepEqual(answers, play.oracle.apply(batch, answers));
}

function isEnd({ patch }: GuardedPatch): boolean {
  return patch.state === 'succeeded';
}

/** The write that the engine would make of this command, or null when `decide` refuses it. */
function patchOf(job: Job, step: Step, now: number): GuardedPatch | null {
  const command = commandOf(job, step);
  const decision = decide(job, command, now);
  if (decision.kind === 'refused') return null;
  const expect = expectationOf(job, command, step.guard);
  // What the writer says that it saw may be older than what is there.
  const seen = step.guard.startsWith('old') ? { ...job, revision: job.revision - 1 } : job;
  const guarded = { id: job.id, expect, patch: decision.patch, now, ...(step.guard === 'states' ? {} : { seen }) };
  if (command.kind !== 'succeed' || command.result === null) return guarded;
  return { ...guarded, result: { contentType: command.result.contentType, bytes: contentOf(job) } };
}

function commandOf(job: Job, { command, random }: Step): Command {
  const { fence } = job;
  switch (command) {
    case 'report':
      return { kind: 'report', fence, percent: job.progress.percent + 7.5, message: `attempt ${job.attempt}` };
    case 'succeed': {
      const result = random === 0 ? null : { contentType: 'text/plain', bytes: contentOf(job).byteLength };
      return { kind: 'succeed', fence, result };
    }
    case 'fail':
      return {
        kind: 'fail',
        fence,
        failure: { code: 'X', message: 'x', details: [1] },
        isRetryable: random === 0,
        random,
      };
    case 'timeOut':
    case 'lose':
      return { kind: command, fence, random };
    case 'release':
    case 'stop':
      return { kind: command, fence };
    case 'park':
      return { kind: command, fence, signal: random === 0 ? 'a' : 'b', timeoutMs: 5 };
    case 'signal':
      return { kind: command, name: random === 0 ? 'a' : 'b', value: job.revision, max: 1 };
    case 'giveUp':
      return { kind: command, parent: { id: job.id, state: 'failed' } };
    default:
      return { kind: command };
  }
}

function contentOf({ id, fence }: Job): Uint8Array {
  return new TextEncoder().encode(`${id} ${fence}`);
}

function expectationOf(job: Job, command: Command, guard: Guard): Expectation {
  const states = expectedStates(command.kind);
  switch (guard) {
    case 'states':
      return { states };
    case 'fence':
      return { states, fence: job.fence };
    case 'oldFence':
      return { states, fence: job.fence - 1 };
    case 'revision':
      return { states, fence: job.fence, revision: job.revision };
    case 'oldRevision':
      return { states, revision: job.revision - 1 };
  }
}

async function extend(play: Play, { pick, isOld, ms }: Extract<ModelCommand, { kind: 'extend' }>): Promise<void> {
  const job = pickOf(play.oracle.jobs(), pick);
  if (job === undefined) return;
  const batch = [{ id: job.id, fence: job.fence - (isOld ? 1 : 0), leaseUntil: play.now + ms }];
  assert.deepEqual(await play.store.extend(batch), play.oracle.extend(batch));
}

async function remove(play: Play, { picks, isOld, keepMs }: Extract<ModelCommand, { kind: 'remove' }>): Promise<void> {
  const jobs = new Set(picks.flatMap((pick) => pickOf(play.oracle.jobs(), pick) ?? []));
  const batch = [...jobs].map(({ id, revision }) => ({
    id,
    revision: revision - (isOld ? 1 : 0),
    now: play.now,
    goneUntil: play.now + keepMs,
  }));
  if (batch.length > 0) assert.deepEqual(await play.store.remove(batch), play.oracle.remove(batch));
}

async function read({ store, oracle, ids }: Play, picks: readonly number[]): Promise<void> {
  const refs = picks.flatMap((pick) => {
    const job = pickOf(oracle.jobs(), pick);
    const id = pickOf(ids, pick);
    return [...(job === undefined ? [] : [{ number: job.number }]), ...(id === undefined ? [] : [{ id }])];
  });
  assert.deepEqual(await store.read(refs), oracle.read(refs));
}

async function list({ store, oracle }: Play, filter: Filter): Promise<void> {
  const { tenant, states, types, tag, isOldestFirst, after, limit } = filter;
  const wanted: ListFilter = {
    ...{ tenant, limit, order: isOldestFirst ? 'oldest' : 'newest' },
    ...(states === null ? {} : { states: states as readonly StoredState[] }),
    ...(types === null ? {} : { types }),
    ...(tag === null ? {} : { tags: { tag } }),
    ...(after === null ? {} : { after: pickOf(oracle.jobs(), after)?.number ?? 0 }),
  };
  assert.deepEqual(await store.list(wanted), oracle.list(wanted));
  const { after: _, limit: __, order: ___, ...counted } = wanted;
  assert.deepEqual(sortedCounts(await store.count(counted)), oracle.count(counted));
}

async function performOnEvents(play: Play, command: ModelCommand): Promise<void> {
  const { store, oracle, now } = play;
  switch (command.kind) {
    case 'redeliver': {
      const number = pickOf(oracle.deliveries.settled(), command.pick) ?? 1;
      const answer = await store.deliveryRedeliver({ tenant: command.tenant, now, number });
      assert.equal(answer, oracle.deliveries.redeliver(command.tenant, number, now));
      return;
    }
    case 'fanOut':
      return fanOut(play, command.limit);
    case 'follow': {
      const { tenant, name, wants, forMs } = command;
      const follower = { tenant, name, wants, until: forMs === null ? null : now + forMs, now };
      // A whole page: a store may give positions to what is new when somebody reads as far.
      const { newest } = await store.eventRead({ tenant: null, after: 0, limit: 10_000 });
      assert.deepEqual(await store.follow(follower), { since: oracle.events.follow(follower, newest) });
      return;
    }
    case 'unfollow':
      oracle.events.unfollow(command);
      return store.unfollow({ tenant: command.tenant, name: command.name });
    case 'prune': {
      const before = now - command.ageMs;
      assert.equal(await store.eventPrune({ now, before, limit: 1_000 }), oracle.events.prune(now, before));
      assert.equal(await store.deliveryPrune({ now, limit: 1_000 }), oracle.deliveries.prune(now));
      return;
    }
  }
}

async function settle(
  play: Play,
  { pick, isOld, isTried, retryMs }: Extract<ModelCommand, { kind: 'settle' }>,
): Promise<void> {
  const held = pickOf(play.oracle.deliveries.held(), pick);
  if (held === undefined) return;
  const { now } = play;
  const { number } = held;
  const fence = held.fence - (isOld ? 1 : 0);
  const retryAt = retryMs === null ? null : now + retryMs;
  const keepUntil = now + 3;
  const tried = isTried ? { at: now, durationMs: 1, status: 500, error: null, answer: null } : null;
  const outcome =
    retryAt === null ? ({ kind: 'delivered', keepUntil } as const) : ({ kind: 'retry', at: retryAt } as const);
  const answer = await play.store.deliverySettle([{ number, fence, tried, outcome }]);
  const settlement = { number, fence, triedAt: tried?.at ?? null, retryAt, keepUntil };
  assert.deepEqual(answer, [play.oracle.deliveries.settle(settlement)]);
}

/** Every state that was entered becomes a delivery to the callback, where the job has one, and every event one to an endpoint. */
async function fanOut({ store, oracle }: Play, limit: number): Promise<void> {
  const { from, events } = await store.fanOutRead({ limit });
  oracle.events.fannedOut(events, limit);
  const to = events.at(-1)?.position;
  if (to === undefined) return;
  const deliveries = events.flatMap(deliveriesOf);
  assert.equal(await store.fanOutWrite({ from: from - 1, to, deliveries }), false);
  assert.equal(await store.fanOutWrite({ from, to, deliveries }), true);
  assert.equal(await store.fanOutWrite({ from, to, deliveries }), false);
  oracle.deliveries.add(deliveries);
}

function deliveriesOf({ kind, at, job }: JobEvent): readonly NewDelivery[] {
  const { id: jobId, tenant, revision, callbackUrl, origin } = job;
  const common = {
    ...{ tenant, jobId, revision, event: kind, lane: MODEL_LANE, origin },
    ...{ headers: {}, body: String(revision), at, dueAt: at },
  };
  const toEndpoint = { ...common, endpointId: 'endpoint', url: 'http://127.0.0.1:1/endpoint' };
  if (callbackUrl === null || kind === 'changed') return [toEndpoint];
  return [{ ...common, endpointId: null, url: callbackUrl }, toEndpoint];
}

/** Everything that a store holds, whoever might ask for it. */
async function compareAll({ store, oracle, ids }: Play): Promise<void> {
  const refs = ids.map((id) => ({ id }));
  assert.deepEqual(await store.read(refs), oracle.read(refs));
  assert.deepEqual(await store.readInput(refs), ids.map(oracle.readInput));
  const results = await store.readResult(refs);
  const texts = results.map((result) => result && { ...result, bytes: Buffer.from(result.bytes).toString() });
  const wanted = ids.map(oracle.readResult);
  assert.deepEqual(
    texts,
    wanted.map((result) => result && { ...result, bytes: Buffer.from(result.bytes).toString() }),
  );
  assert.deepEqual(sortedCounts(await store.count({ tenant: null })), oracle.count({ tenant: null }));
  for (const tenant of TENANTS) assert.deepEqual(await store.usage(tenant), oracle.usage(tenant));
  oracle.events.read((await store.eventRead({ tenant: null, after: 0, limit: 10_000 })).events);
}
