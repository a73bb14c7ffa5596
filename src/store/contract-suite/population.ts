/**
 * A store full of everything that one can hold: jobs in every state with all that goes with them, made by the calls that make them in
 * life. What comes out depends on the dice alone (ids aside), so that it can be made again.
 */
import { uuidv7 } from 'uuidv7';
import { type Command, decide, expectedStates } from '../../core/decide.ts';
import type { Job, JobSpec } from '../../core/job.ts';
import type { ResultContent, Store } from '../contract.ts';
import { NOW, specOf } from './fixtures.ts';

export interface Dice {
  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number;
}

export interface PopulationSize {
  readonly jobs: number;
  /** Bytes of the few large results. */
  readonly largeBytes: number;
}

const TEXTS = [
  'plain',
  '',
  'Grüße 世界 🚀',
  '\0 in front',
  'a\0b\uE000c\uE001',
  '" \\ \' { } \n\t',
  'null',
  '__proto__',
];
const TENANTS = ['one', 'two \0'];
const WORK_TYPES = ['mail', 'report'];
const LEASE_MS = 30_000;
const STEPS_PER_JOB = 3;

/** @returns the time at which its story ends; leases, retries and retentions reach beyond */
export async function populate(store: Store, dice: Dice, { jobs, largeBytes }: PopulationSize): Promise<number> {
  await fillKeys(store, dice);
  await fillDocuments(store, dice);
  let now = NOW;
  for (let left = jobs; left > 0; ) {
    const count = Math.min(left, dice.between(1, 40));
    await store.insert(Array.from({ length: count }, () => newJobOf(dice, now)));
    left -= count;
    for (let step = 0; step < count * STEPS_PER_JOB; step += 10) {
      now += dice.between(0, 400);
      await live({ store, dice, now, largeBytes });
    }
  }
  return now;
}

interface Moment {
  readonly store: Store;
  readonly dice: Dice;
  readonly now: number;
  readonly largeBytes: number;
}

const onceIn = (dice: Dice, times: number) => dice.between(1, times) === 1;
const oneOf = <T>(dice: Dice, items: readonly T[]): T => items[dice.between(0, items.length - 1)] as T;

/** Some of everything that can happen to jobs. */
async function live(moment: Moment): Promise<void> {
  const { store, dice, now } = moment;
  const wants = WORK_TYPES.map((type) => ({ type, max: dice.between(0, 6) }));
  const worker = oneOf(dice, ['worker', 'worker \0 🚀']);
  const claimed = await store.claim({ wants, max: 8, tenant: null, worker, leaseMs: LEASE_MS, now });
  for (const { job } of claimed) await work(moment, job);
  const tenant = oneOf(dice, TENANTS);
  const states = ['waiting', 'failed', 'cancelled', 'expired', 'running'] as const;
  for (const job of await store.list({ tenant, states, limit: 3 })) await meddle(moment, job);
  const { overdue } = await store.sweep({ now, limit: 2 });
  for (const job of overdue) await command(moment, job.id, { kind: 'expire' });
  await retire(moment);
  await deliver(moment);
}

async function work(moment: Moment, job: Job): Promise<void> {
  const { dice } = moment;
  const { fence } = job;
  const message = oneOf(dice, TEXTS);
  if (onceIn(dice, 3)) await command(moment, job.id, { kind: 'report', fence, percent: dice.between(0, 100), message });
  const fate = dice.between(1, 6);
  if (fate <= 3) {
    const result = onceIn(dice, 6) ? null : resultOf(moment);
    const meta = result === null ? null : { contentType: result.contentType, bytes: result.bytes.byteLength };
    await command(moment, job.id, { kind: 'succeed', fence, result: meta }, result ?? undefined);
  } else if (fate <= 5) {
    const failure = { code: 'HANDLER_FAILED', message, details: { [message]: [message, 1e-7, null] } };
    await command(moment, job.id, { kind: 'fail', fence, failure, isRetryable: fate === 4, random: 0.5 });
  }
}

async function meddle(moment: Moment, job: Job): Promise<void> {
  const deed = moment.dice.between(1, 5);
  if (deed === 1) await command(moment, job.id, { kind: 'cancel' });
  if (deed === 2) await command(moment, job.id, { kind: 'retry' });
}

/** As the engine does it; what the table of transitions refuses does not happen. */
async function command({ store, now }: Moment, id: string, deed: Command, result?: ResultContent): Promise<void> {
  const [read] = await store.read([{ id }]);
  if (read?.kind !== 'found') return;
  const decision = decide(read.job, deed, now);
  if (decision.kind === 'refused') return;
  const expect = { states: expectedStates(deed.kind), revision: read.job.revision };
  await store.apply([{ id, expect, patch: decision.patch, now, ...(result === undefined ? {} : { result }) }]);
}

async function retire({ store, dice, now }: Moment): Promise<void> {
  if (!onceIn(dice, 4)) return;
  const states = ['succeeded', 'failed'] as const;
  const [job] = await store.list({ tenant: null, states, order: 'oldest', limit: 1 });
  if (job !== undefined) await store.remove([{ id: job.id, revision: job.revision, now, goneUntil: now + 1_000_000 }]);
}

async function deliver({ store, dice, now }: Moment): Promise<void> {
  if (onceIn(dice, 2)) await fanOut(store);
  const held = await store.deliveryClaim({ now, leaseMs: LEASE_MS, max: dice.between(0, 3) });
  const settled = held.filter(() => onceIn(dice, 2));
  const tried = { at: now, durationMs: 1, status: 500, error: null, answer: oneOf(dice, TEXTS) };
  await store.deliverySettle(
    settled.map(({ number, fence }) => {
      const outcome = onceIn(dice, 2) ? { kind: 'retry' as const, at: now + 500 } : DELIVERED;
      return { number, fence, tried, outcome };
    }),
  );
}

const DELIVERED = { kind: 'delivered', keepUntil: NOW + 10_000_000 } as const;

/** A delivery to the callback of each event's job. */
async function fanOut(store: Store): Promise<void> {
  const { from, events } = await store.fanOutRead({ limit: 5 });
  const deliveries = events.map(({ kind, at, job }) => ({
    tenant: job.tenant,
    jobId: job.id,
    revision: job.revision,
    event: kind,
    endpointId: null,
    url: job.callbackUrl ?? '',
    lane: 0,
    origin: job.origin,
    headers: { text: job.callbackUrl ?? '' },
    body: JSON.stringify(job),
    at,
    dueAt: at,
  }));
  await store.fanOutWrite({ from, to: events.at(-1)?.position ?? from, deliveries });
}

function newJobOf(dice: Dice, now: number) {
  const maybe = <T>(make: () => T): T | null => (onceIn(dice, 3) ? make() : null);
  const over: Partial<JobSpec> = {
    priority: dice.between(-2, 2),
    runAt: now + (onceIn(dice, 5) ? 1_000_000 : 0),
    createdAt: now,
    tags: Object.fromEntries(
      Array.from({ length: dice.between(0, 3) }, () => [oneOf(dice, TEXTS), oneOf(dice, TEXTS)]),
    ),
    timeoutMs: maybe(() => dice.between(1, 60_000)),
    deadlineMs: maybe(() => dice.between(1, 5_000)),
    sequenceKey: maybe(() => oneOf(dice, TEXTS)),
    idempotencyKey: maybe(uuidv7),
    requestHash: maybe(() => oneOf(dice, TEXTS)),
    callbackUrl: maybe(() => `http://127.0.0.1:1/${oneOf(dice, TEXTS)}`),
    origin: maybe(() => ({ dialect: 'native', data: { [oneOf(dice, TEXTS)]: [oneOf(dice, TEXTS), null, 0.1] } })),
  };
  const spec = specOf({ tenant: oneOf(dice, TENANTS), type: oneOf(dice, WORK_TYPES) }, over);
  // The text of an input is kept as it is, spaces and escapes included.
  return { spec, input: `{ "text":  ${JSON.stringify(oneOf(dice, TEXTS))}, "lone": "\\ud800" }` };
}

function resultOf({ dice, largeBytes }: Moment): ResultContent {
  const size = onceIn(dice, 60) ? largeBytes : dice.between(0, 200);
  const start = dice.between(0, 255);
  return {
    contentType: oneOf(dice, ['application/json', 'application/octet-stream', 'text/plain; charset=utf-8 🚀']),
    bytes: Uint8Array.from({ length: size }, (_, index) => (start + index * 7) & 255),
  };
}

async function fillKeys(store: Store, dice: Dice): Promise<void> {
  for (const [index, text] of TEXTS.entries()) {
    const scopes = onceIn(dice, 2) ? (['submit', 'read'] as const) : (['admin'] as const);
    const facts = { tenant: oneOf(dice, TENANTS), name: text, scopes, createdAt: NOW + index, revokedAt: null };
    const expiresAt = onceIn(dice, 3) ? NOW + 1_000_000 + index : null;
    await store.keyInsert({ id: `key-${index}`, hash: `${index}`.repeat(64), ...facts, expiresAt });
    if (onceIn(dice, 3)) await store.keyRevoke({ id: `key-${index}`, now: NOW + 100 });
  }
}

async function fillDocuments(store: Store, dice: Dice): Promise<void> {
  for (const [index, text] of TEXTS.entries()) {
    const ref = { tenant: oneOf(dice, TENANTS), kind: 'kind', name: `${index} ${text}` };
    const writes = dice.between(1, 3);
    for (let write = 1; write <= writes; write += 1) {
      const data = { [text]: [text, write, '\ud800', null, { deep: true }] };
      await store.documentWrite({
        ...ref,
        data,
        expectRevision: null,
        now: NOW + write,
        ...(onceIn(dice, 3) ? { dueAt: NOW } : {}),
      });
    }
    if (onceIn(dice, 5)) await store.documentRemove(ref);
  }
}
