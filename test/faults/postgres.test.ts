/**
 * A cluster on PostgreSQL loses nothing and doubles nothing, whatever is done to its database and its processes.
 *
 * Once each and less than a minute with `npm test`; again and again, and with the faults that take minutes, with
 * `npm run test:faults`. All on one cluster, which has to be whole again after each.
 */
import { after, before, test } from 'node:test';
import { openScene, type Scene, survive } from './postgres-scene.ts';
import * as trouble from './postgres-troubles.ts';

let scene: Scene;
before(async () => {
  scene = await openScene({ nodes: 2, workers: 2 });
});
after(() => scene[Symbol.asyncDispose]());

const IS_FULL = process.env.BIDE_FAULTS === 'full';
const ORDERS = IS_FULL ? 1_000 : 150;
const TIMES = IS_FULL ? 5 : 1;

test('a fast restart of the database', (t) =>
  survive(t, scene, { name: 'restart fast', orders: ORDERS, trouble: trouble.restarts(scene, 'fast', TIMES) }));

test('a crash of the database', (t) =>
  survive(t, scene, {
    name: 'restart immediate',
    orders: ORDERS,
    trouble: trouble.restarts(scene, 'immediate', TIMES),
  }));

test('the end of every connection, again and again', (t) =>
  survive(t, scene, { name: 'terminate backends', orders: ORDERS, trouble: trouble.terminations(scene, 8 * TIMES) }));

test('a worker that is killed while it holds leases', (t) =>
  survive(t, scene, {
    ...{ name: 'SIGKILL worker', orders: ORDERS, jobMsMax: 500 },
    trouble: trouble.workerKills(scene, TIMES),
  }));

test('a worker that sleeps longer than its leases', (t) =>
  survive(t, scene, {
    ...{ name: 'SIGSTOP worker', orders: ORDERS, jobMsMax: 500 },
    trouble: trouble.workerSleeps(scene, TIMES),
  }));

test('a node that is killed while it holds requests', (t) =>
  survive(t, scene, { name: 'SIGKILL node', orders: ORDERS, trouble: trouble.nodeKills(scene, TIMES) }));

if (IS_FULL) {
  test('a rolling restart of three nodes', async (t) => {
    await scene.cluster.startNode();
    await survive(t, scene, { name: 'rolling restart', orders: ORDERS, trouble: trouble.rollingRestart(scene) });
  });

  test('a server without a free connection', (t) =>
    survive(t, scene, { name: 'pool exhaustion', orders: ORDERS, trouble: trouble.exhaustion(scene, 10_000) }));

  test('machines whose clocks are wrong', (t) =>
    survive(t, scene, { name: 'clock skew', orders: ORDERS, trouble: trouble.clockSkew(scene, 600_000) }));

  test('a session that idles in a transaction for two minutes', (t) =>
    survive(t, scene, {
      ...{ name: 'idle in transaction', orders: ORDERS, trouble: trouble.idleInTransaction(scene, 120_000) },
    }));

  test('four readers in repeatable read', (t) =>
    survive(t, scene, { name: 'repeatable readers', orders: ORDERS, trouble: trouble.repeatableReaders(scene, 20) }));

  test('a burst of 100,000 submits', (t) =>
    survive(t, scene, {
      ...{ name: 'burst', orders: ORDERS, settleMs: 10 * 60_000, trouble: trouble.burst(100_000) },
    }));
}

test('notifications that are all lost', (t) =>
  survive(t, scene, { name: 'lost notifications', orders: ORDERS, trouble: trouble.silence(scene) }));
