/** Jobs that are submitted at one process, run in another and waited for at a third, with hints and without. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createClient } from '../../src/client/index.ts';
import { ask, type Cluster, startCluster, told } from './cluster.ts';
import { startTestServer, type TestServer } from './server.ts';

const CONFIG = `
export default {
  limits: { leaseMs: 3000, sweepIntervalMs: 200 },
  types: {
    square: async ({ number }) => ({ square: number * number, pid: process.pid }),
    patient: {
      async run(_input, context) {
        await new Promise((resolve) => context.signal.addEventListener('abort', resolve, { once: true }));
        throw new Error('told to stop: ' + context.signal.reason);
      },
    },
    parcel: { kind: 'remote' },
  },
};
`;

interface JobBody {
  readonly id: string;
  readonly state: string;
  readonly result: unknown;
  readonly cancelRequestedAt: string | null;
}

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.end());

for (const [how, args] of [
  ['with hints', []],
  ['without hints', ['--no-notify']],
] as const) {
  describe(`a cluster ${how}`, () => {
    let cluster: Cluster;
    let [a, b] = ['', ''];
    before(async () => {
      const database = await server.createDatabase();
      cluster = await startCluster({ database, nodes: 2, workers: 2, config: CONFIG, args: [...args] });
      [a = '', b = ''] = cluster.nodes.map(({ url }) => url);
    });
    after(() => cluster[Symbol.asyncDispose]());

    const submit = (type: string, input: unknown) => told<JobBody>(cluster, `${a}/v1/jobs`, { type, input });
    /** At the other node; held until it is final. */
    const wait = (id: string) => told<JobBody>(cluster, `${b}/v1/jobs/${id}?wait=30`);

    test('answers at one node who waits for a job of another node', async () => {
      const jobs = await Promise.all(Array.from({ length: 20 }, (_, number) => submit('square', { number })));
      const ended = await Promise.all(jobs.map(({ id }) => wait(id)));
      const results = ended.map(({ result }) => result as { square: number; pid: number });
      assert.deepEqual(
        results.map(({ square }) => square),
        jobs.map((_, number) => number * number),
      );
      const workers = cluster.workers.map(({ pid }) => pid);
      assert.ok(results.every(({ pid }) => workers.includes(pid)));
    });

    test('streams at one node what happens to a job of another, and resumes at the first', async () => {
      const { id } = await submit('parcel', { weight: 5 });
      const [atB, atA] = [b, a].map((url) => createClient({ url, key: cluster.key }));
      const events = atB?.events(id) ?? assert.fail();
      const next = async () => (await events.next()).value ?? assert.fail('the stream ended');
      assert.equal((await next()).state, 'queued');
      const { jobs } = await told<{ jobs: { fence: number }[] }>(cluster, `${a}/v1/work/claim`, {
        ...{ types: ['parcel'], max: 1, wait: 30, worker: 'courier' },
      });
      const running = await next();
      assert.equal(running.state, 'running');
      const fence = jobs[0]?.fence;
      await told(cluster, `${a}/v1/work/${id}/heartbeat`, { fence, progress: { percent: 50, message: 'half way' } });
      assert.deepEqual((await next()).progress, { percent: 50, message: 'half way' });
      await told(cluster, `${a}/v1/work/${id}/succeed`, { fence, result: { signedBy: 'Ada' } });
      const last = await next();
      assert.deepEqual([last.state, last.result], ['succeeded', { signedBy: 'Ada' }]);
      assert.equal((await events.next()).done, true);
      const resumed = atA?.events(id, { lastEventId: running.revision }) ?? assert.fail();
      assert.deepEqual((await resumed.next()).value, last);
    });

    test('brings a cancel to the worker, and shows it from request to end', async () => {
      const { id } = await submit('patient', null);
      await runs(id);
      const ended = wait(id);
      const asked = await told<JobBody>(cluster, `${a}/v1/jobs/${id}/cancel`, {});
      assert.equal(asked.state, 'running');
      assert.notEqual(asked.cancelRequestedAt, null);
      const { state, cancelRequestedAt } = await ended;
      assert.deepEqual(
        { state, cancelRequestedAt },
        { state: 'cancelled', cancelRequestedAt: asked.cancelRequestedAt },
      );
    });

    test('hands a remote worker at one node what was submitted at another', async () => {
      const claiming = told<{ jobs: { id: string; fence: number }[] }>(cluster, `${b}/v1/work/claim`, {
        ...{ types: ['parcel'], max: 1, wait: 30, worker: 'courier' },
      });
      const { id } = await submit('parcel', { weight: 3 });
      const [claimed] = (await claiming).jobs;
      assert.equal(claimed?.id, id);
      const ended = told<JobBody>(cluster, `${a}/v1/jobs/${id}?wait=30`);
      await told(cluster, `${b}/v1/work/${id}/succeed`, { fence: claimed?.fence, result: 'delivered' });
      assert.equal((await ended).result, 'delivered');
    });

    test('tells a remote worker at one node of a cancel at another', async () => {
      const { id } = await submit('parcel', { weight: 4 });
      const { jobs } = await told<{ jobs: { fence: number }[] }>(cluster, `${b}/v1/work/claim`, {
        ...{ types: ['parcel'], max: 1, wait: 30, worker: 'courier' },
      });
      const beat = { fence: jobs[0]?.fence, wait: 30 };
      const beating = told<{ cancelRequested: boolean }>(cluster, `${b}/v1/work/${id}/heartbeat`, beat);
      await told(cluster, `${a}/v1/jobs/${id}/cancel`, {});
      assert.equal((await beating).cancelRequested, true);
      const failure = { fence: jobs[0]?.fence, error: { code: 'STOPPED', message: 'as asked' } };
      const ended = await told<JobBody>(cluster, `${b}/v1/work/${id}/fail`, failure);
      assert.equal(ended.state, 'cancelled');
    });

    test('has one truth: a key that is made at one node opens the other', async () => {
      const made = await told<{ key: string }>(cluster, `${a}/v1/keys`, { name: 'second', scopes: ['read'] });
      assert.equal((await ask({ key: made.key }, `${b}/v1/jobs`)).status, 200);
    });

    /** Looks, then long polls for changes, until a worker has the job. */
    async function runs(id: string): Promise<void> {
      let answer = await ask(cluster, `${b}/v1/jobs/${id}`);
      while (answer.status === 304 || (JSON.parse(answer.text) as JobBody).state !== 'running') {
        const seen = { 'if-none-match': answer.headers.get('etag') ?? '' };
        answer = await ask(cluster, `${b}/v1/jobs/${id}?wait=30&until=change`, undefined, seen);
      }
    }
  });
}
