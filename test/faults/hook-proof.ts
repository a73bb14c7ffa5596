/**
 * The proof of webhooks: a receiver that fails three times in ten and is restarted twice, a sender that is killed between, and the account.
 *
 * Each event arrives, signed, those of a job in their order. What arrives twice was answered just before the kill.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createClient } from '../../src/client/index.ts';
import { seededChance } from '../process/seeded.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';
import { openHookReceiver } from './hook-receiver.ts';

const EVENTS = ['job.waiting', 'job.running', 'job.succeeded'] as const;
const BULK = 500;

const CONFIG = `
export default {
  deliveries: { allowPrivateAddresses: true },
  limits: { leaseMs: 2000, sweepIntervalMs: 200, deliveryBackoffMs: 10, deliveryTriesMax: 100, deliveryTimeoutMs: 2000 },
  types: { order: { slots: 20, retry: { attempts: 100, backoffMs: 10 }, run: ({ number }) => ({ number }) } },
};
`;

export interface HookProof {
  readonly jobs: number;
  /** Of `bide serve`: where the database is. */
  readonly args: readonly string[];
}

export async function proveWebhooks(t: TestContext, { jobs, args }: HookProof): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bide-hooks-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'bide.config.mjs'), CONFIG);
  const options = { data: join(folder, 'data'), cwd: folder, args: ['--config', 'bide.config.mjs', ...args] };
  const chance = seededChance();
  let secret = '';
  await using receiver = await openHookReceiver({ chance, secret: () => secret });
  const first = await startServer(options);
  await using _ = first;
  ({ secret } = await clientOf(first).webhooks.create({ url: receiver.url, events: EVENTS }));
  // A job that is run again after the kill has more of them.
  const least = jobs * EVENTS.length;
  const quarter = receiver.taken(least / 4);
  await submitAll(first, jobs);
  await quarter;
  await receiver.stop();
  await receiver.start();
  await receiver.taken(least / 2);
  await first.end('SIGKILL');
  await using second = await startServer(options);
  await receiver.taken((least * 3) / 4);
  await receiver.stop();
  await receiver.start();
  await receiver.taken(least);
  const told = await settled(second);
  const account = receiver.account();
  t.diagnostic(`jobs ${jobs}, events ${told}, ${JSON.stringify(account)}, seed ${chance.seed}`);
  assert.deepEqual(
    { taken: account.taken, unsigned: account.unsigned, outOfOrder: account.outOfOrder },
    { taken: told, unsigned: 0, outOfOrder: 0 },
    `seed ${chance.seed}`,
  );
  assert.equal(await second.end('SIGTERM'), 0, second.output());
}

function clientOf({ url, key }: ServerProcess) {
  return createClient({ url, key });
}

async function submitAll(server: ServerProcess, jobs: number): Promise<void> {
  for (let from = 0; from < jobs; from += BULK) {
    const batch = Array.from({ length: Math.min(BULK, jobs - from) }, (_, index) => ({
      type: 'order',
      input: { number: from + index },
      idempotencyKey: `order-${from + index}`,
    }));
    const items = await clientOf(server).submitMany(batch);
    assert.ok(items.every(({ error }) => error === undefined));
  }
}

/** How many deliveries there were, once none is pending; none may have been given up. */
async function settled(server: ServerProcess): Promise<number> {
  const { webhooks } = clientOf(server);
  const [hook] = await webhooks.list();
  assert.ok(hook !== undefined && hook.disabled === null, JSON.stringify(hook));
  const count = async (state: 'pending' | 'delivered' | 'failed') => {
    let found = 0;
    for await (const _ of webhooks.deliveries(hook.id, { states: [state], pageSize: 500 })) found += 1;
    return found;
  };
  for (const since = Date.now(); (await count('pending')) > 0; ) {
    assert.ok(Date.now() - since < 120_000, 'deliveries are pending');
  }
  assert.equal(await count('failed'), 0);
  return count('delivered');
}
