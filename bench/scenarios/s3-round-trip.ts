/** S3: a lone caller submits a no-op job to an idle system and waits for its result; over one held HTTP request, then in the process that calls. */
import type { Metrics } from '../report/result.ts';
import { quantile } from '../report/statistics.ts';
import { playSide } from '../run/queue-roles.ts';
import { inTurns, type Turn } from '../run/rounds.ts';
import type { BideServer } from '../servers/start-server.ts';
import { startServers } from '../servers/start-servers.ts';
import { callBide } from './call-bide.ts';
import type { RunScenario } from './scenario.ts';

const TRIPS_MIN = 5;
const WARM_UP = 20;
/** Between two trips: what was submitted before has been worked off, and the system rests again. */
const REST_MS = 10;

export const run: RunScenario = async (bench) => {
  const { sides, services, sizes, note, untilMs } = bench;
  const inProcess = sides
    .filter(({ takesPart }) => takesPart.includes('s3'))
    .map((side): Turn => {
      const amount = Math.max(TRIPS_MIN, Math.round(sizes.trips * (side.shares?.s3 ?? 1)));
      return { side: side.name, measure: () => playSide(side, [{ role: 'roundTrips', amount }], services) };
    });
  const servers = (await startServers(bench, ['bidePostgres'])) as readonly BideServer[];
  try {
    const overHttp = servers.map(
      (server): Turn => ({ side: server.name, measure: () => roundTrips(server, sizes.trips) }),
    );
    return await inTurns([...overHttp, ...inProcess], { rounds: sizes.rounds, untilMs, note });
  } finally {
    await Promise.all(servers.map(({ end }) => end()));
  }
};

/** `POST /v1/jobs?wait=10`: submit and result in one request. */
export async function roundTrips(server: Pick<BideServer, 'url' | 'headers'>, trips: number): Promise<Metrics> {
  const times: number[] = [];
  for (let trip = -WARM_UP; trip < trips; trip += 1) {
    const startedAt = performance.now();
    const { state } = await callBide<{ readonly state: string }>(server, 'POST', '/v1/jobs?wait=10', {
      type: 'noop',
      input: null,
    });
    if (state !== 'succeeded') throw new Error(`a round trip ended with ${state}`);
    if (trip >= 0) times.push(performance.now() - startedAt);
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
  }
  return { p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
}
