/** S2: 64 callers submit, one job per call, and each waits until its job is stored: over HTTP, then in the process that calls. */
import { load, warmUp } from '../run/load.ts';
import { playSide } from '../run/queue-roles.ts';
import { inTurns, type Turn } from '../run/rounds.ts';
import { startServers } from '../servers/start-servers.ts';
import type { RunScenario } from './scenario.ts';

export const run: RunScenario = async (bench) => {
  const { sides, services, sizes, note, untilMs } = bench;
  const inProcess = sides
    .filter(({ takesPart }) => takesPart.includes('s2'))
    .map(
      (side): Turn => ({
        side: side.name,
        measure: () =>
          playSide(side, [{ role: 'submit', amount: Math.round(sizes.submits * (side.shares?.s2 ?? 1)) }], services),
      }),
    );
  const servers = await startServers(bench, ['bareFastify', 'bideSqlite', 'bunqueue', 'bidePostgres']);
  try {
    for (const server of servers) if (server.submit !== null) await warmUp(server, server.submit);
    const overHttp = servers.flatMap(({ name, submit, ...server }): Turn[] =>
      submit === null ? [] : [{ side: name, measure: () => load(server, submit, sizes.loadMs) }],
    );
    return await inTurns([...overHttp, ...inProcess], { rounds: sizes.rounds, untilMs, note });
  } finally {
    await Promise.all(servers.map(({ end }) => end()));
  }
};
