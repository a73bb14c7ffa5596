/**
 * A cluster on PostgreSQL loses nothing and doubles nothing, whatever is done to its database and its processes. Short here; the
 * same and more, longer, in `postgres-full.test.ts`.
 */
import { after, before, test } from 'node:test';
import { openScene, type Scene, survive } from './postgres-scene.ts';
import * as trouble from './postgres-troubles.ts';

let scene: Scene;
before(async () => {
  scene = await openScene({ nodes: 2, workers: 2 });
});
after(() => scene[Symbol.asyncDispose]());

const ORDERS = 150;

test('a fast restart of the database', (t) =>
  survive(t, scene, { name: 'restart fast', orders: ORDERS, trouble: trouble.restarts(scene, 'fast', 1) }));

test('a crash of the database', (t) =>
  survive(t, scene, { name: 'restart immediate', orders: ORDERS, trouble: trouble.restarts(scene, 'immediate', 1) }));

test('the end of every connection, again and again', (t) =>
  survive(t, scene, { name: 'terminate backends', orders: ORDERS, trouble: trouble.terminations(scene, 8) }));

test('a worker that is killed while it holds leases', (t) =>
  survive(t, scene, {
    ...{ name: 'SIGKILL worker', orders: ORDERS, jobMsMax: 500 },
    trouble: trouble.workerKills(scene, 1),
  }));

test('a worker that sleeps longer than its leases', (t) =>
  survive(t, scene, {
    ...{ name: 'SIGSTOP worker', orders: ORDERS, jobMsMax: 500 },
    trouble: trouble.workerSleeps(scene, 1),
  }));

test('a node that is killed while it holds requests', (t) =>
  survive(t, scene, { name: 'SIGKILL node', orders: ORDERS, trouble: trouble.nodeKills(scene, 1) }));

test('notifications that are all lost', (t) =>
  survive(t, scene, { name: 'lost notifications', orders: ORDERS, trouble: trouble.silence(scene) }));
