/**
 * From the end of a job to the answer of who waits for it, across processes: `node bench/latency.ts [jobs] [at once]`.
 *
 * Submitted at one node, run by a worker, waited for by a long poll at another node; three processes on one PostgreSQL with fsync
 * on. The handler stamps its own end, as its last act: the time includes the commit of the outcome, the hint or the poll that
 * tells the other node, its read, and the answer on the wire. With hints, and without (`--no-notify`, polls every second).
 */
import { type Cluster, startCluster, told } from '../test/postgres/cluster.ts';
import { startTestServer, type TestServer } from '../test/postgres/server.ts';

const JOBS = Number(process.argv[2] ?? 500);
const AT_ONCE = Number(process.argv[3] ?? 8);
const WARM_UP = 50;

const CONFIG = `
export default {
  types: {
    stamp: {
      slots: 64,
      async run({ ms }) {
        await new Promise((resolve) => setTimeout(resolve, ms));
        return { endedAt: performance.timeOrigin + performance.now() };
      },
    },
  },
};
`;

interface JobBody {
  readonly id: string;
  readonly state: string;
  readonly finishedAt: string | null;
  readonly result: { readonly endedAt: number } | null;
}

/** Runs long enough for its waiter to be held, and for no two to end by the same clock. */
const runMs = () => 100 + Math.round(Math.random() * 400);

async function latencyOf(cluster: Cluster): Promise<number> {
  const [submitting, waiting] = cluster.nodes;
  const { id } = await told<JobBody>(cluster, `${submitting?.url}/v1/jobs`, { type: 'stamp', input: { ms: runMs() } });
  const job = await told<JobBody>(cluster, `${waiting?.url}/v1/jobs/${id}?wait=30`);
  const now = performance.timeOrigin + performance.now();
  if (job.result === null) throw new Error(`Job ${id} is ${job.state}.`);
  return now - job.result.endedAt;
}

async function measure(cluster: Cluster, jobs: number): Promise<number[]> {
  const all: number[] = [];
  let left = jobs;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      all.push(await latencyOf(cluster));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, caller));
  return all.sort((a, b) => a - b);
}

async function run(server: TestServer, name: string, args: readonly string[]): Promise<void> {
  const database = await server.createDatabase();
  await using cluster = await startCluster({ database, nodes: 2, workers: 1, config: CONFIG, args });
  await measure(cluster, WARM_UP);
  const sorted = await measure(cluster, JOBS);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
  console.log(
    `${name}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms (${sorted.length} jobs, ${AT_ONCE} at once)`,
  );
}

const server = await startTestServer();
try {
  await run(server, 'with hints', []);
  await run(server, 'without hints', ['--no-notify']);
} finally {
  await server.end();
}
