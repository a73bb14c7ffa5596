/** What is in the middle of its work when a store is exported: on the store that it was imported into all of it goes on and ends. */
import assert from 'node:assert/strict';
import { archiveOf, importArchive, openArchive } from '../../src/app.ts';
import { awaitsParents } from '../../src/core/after/after.ts';
import { isParked } from '../../src/core/signals.ts';
import type { AttemptOutcome, FakeClock } from '../../src/engine/index.ts';
import { createFakeClock } from '../../src/engine/index.ts';
import type { Store } from '../../src/store/contract.ts';
import { createPlay, DONE, type Fixture, json, NEVER, openEngine, TENANT } from './engine-fixture.ts';
import { spyOn } from './store-spy.ts';

const MINUTE = 60_000;
const UNIQUE = { key: 'u', mode: 'reject' } as const;
const LIMIT = { key: 'l', concurrency: 1 } as const;

interface Midway {
  readonly parked: string;
  readonly unique: string;
  readonly limited: readonly string[];
  readonly parent: string;
  readonly child: string;
  readonly group: string;
}

export async function proveMidway(from: Store, to: Store): Promise<void> {
  const clock = createFakeClock();
  const midway = await begin(from, clock);
  await move(from, to, clock.now());
  await goOn(to, clock, midway);
}

async function begin(store: Store, clock: FakeClock): Promise<Midway> {
  const play = createPlay();
  const types = { asking: play.run, task: 'remote', capped: 'remote', member: 'remote' } as const;
  await using on = await openEngine({ spy: spyOn(store), clock, types });
  const parked = await on.submit('asking');
  (await play.next()).end({ kind: 'parked', signal: 'go', timeoutMs: 60 * MINUTE });
  await on.until(parked, isParked);
  const unique = await on.submit('task', { unique: UNIQUE });
  const limited = [1, 2, 3].map((input) => on.submit('capped', { limit: LIMIT, input }));
  const parent = await on.submit('task');
  const child = await on.submit('task', { after: [parent] });
  assert.ok(awaitsParents(await on.job(child)));
  const jobs = [1, 2].map((input) => ({ type: 'member', input }));
  const { group } = await on.engine.groups.create({
    ...{ tenant: TENANT, jobs, isOpen: false },
    followUps: { onSuccess: { type: 'member', input: {} } },
  });
  const job = { type: 'task', tags: { of: 'schedule' } };
  const rest = { timeZone: 'UTC', jitterMs: 0, overlap: 'allow', missed: 'last', startAt: null, endAt: null } as const;
  await on.engine.schedules.put(TENANT, 's', { ...rest, cron: '@every 1m', job });
  await on.advance(1.5 * MINUTE);
  assert.equal((await ticksOf(on)).length, 1);
  return { parked, unique, limited: await Promise.all(limited), parent, child, group: group.id };
}

async function goOn(store: Store, clock: FakeClock, midway: Midway): Promise<void> {
  let [running, runningMax] = [0, 0];
  const ended: string[] = [];
  const run = async ({ job }: { readonly job: { readonly id: string } }) => {
    ended.push(job.id);
    return DONE;
  };
  const capped = async () => {
    running += 1;
    runningMax = Math.max(runningMax, running);
    await new Promise(setImmediate);
    running -= 1;
    return DONE;
  };
  const asking = async ({ job }: { readonly job: { readonly marks: unknown } }): Promise<AttemptOutcome> => {
    const { signals } = job.marks as { readonly signals: { readonly go: { readonly value: string } } };
    return json(signals.go.value);
  };
  // Nothing runs yet: what holds in between is looked at first.
  const spy = spyOn(store);
  const types = { asking, task: run, capped, member: run };
  await using looking = await openEngine({ spy, clock, types, runsJobs: false, workerName: 'looking' });
  const [held] = await looking.engine.submit([{ tenant: TENANT, type: 'task', unique: UNIQUE }]);
  assert.ok(held?.kind === 'held');
  assert.equal(held.snapshot.job.id, midway.unique);
  assert.ok(isParked(await looking.job(midway.parked)));
  assert.ok(awaitsParents(await looking.job(midway.child)));
  assert.equal((await looking.engine.groups.read(TENANT, midway.group)).total, 2);

  await using on = await openEngine({ spy, clock, types, workerName: 'after' });
  const done = async (id: string) => {
    const until = { kind: 'done' } as const;
    const waited = on.engine.wait({ tenant: TENANT, ids: [id], for: 'all', until, timeoutMs: MINUTE, signal: NEVER });
    await on.advance(2_000);
    for (let tenth = 0; tenth < 100 && (await on.job(id)).finishedAt === null; tenth += 1) await on.advance(100);
    const { lookups } = await waited;
    assert.ok(lookups[0]?.kind === 'found');
    assert.equal(lookups[0].snapshot.job.state, 'succeeded', id);
    return lookups[0].snapshot;
  };
  for (const id of [midway.unique, ...midway.limited, midway.parent, midway.child]) await done(id);
  assert.equal(runningMax, 1);
  assert.ok(ended.indexOf(midway.parent) < ended.indexOf(midway.child));
  assert.equal(ended.filter((id) => id === midway.child).length, 1);
  assert.equal((await on.engine.signal({ tenant: TENANT, id: midway.parked, name: 'go', value: 'said' })).kind, 'done');
  assert.equal((await done(midway.parked)).resultText, '"said"');
  const { outcome, counts, followUps } = await on.engine.groups.read(TENANT, midway.group);
  assert.deepEqual([outcome, counts.succeeded], ['succeeded', 2]);
  await done(followUps.onSuccess?.jobId ?? '');
  const [free] = await on.engine.submit([{ tenant: TENANT, type: 'task', unique: UNIQUE }]);
  assert.equal(free?.kind, 'created');
  await on.advance(MINUTE);
  assert.ok((await ticksOf(on)).length >= 2);
}

async function ticksOf({ engine }: Fixture) {
  const { snapshots } = await engine.list({
    tenant: TENANT,
    tags: { 'bide.schedule': 's' },
    limit: 100,
    order: 'oldest',
  });
  return snapshots.map(({ job }) => job.terms?.schedule?.tick);
}

/** As the command line does it: through the text of an archive. */
async function move(from: Store, to: Store, at: number): Promise<void> {
  const archive = await openArchive(bytesOf(archiveOf(from, at, () => {})));
  await importArchive({ store: to, archive, isContinued: false, onTally: () => {} });
}

async function* bytesOf(text: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const piece of text) yield Buffer.from(piece);
}
