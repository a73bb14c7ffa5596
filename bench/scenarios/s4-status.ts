/** S4: 64 callers read the status of one job over HTTP, as often as they can. */
import { load, warmUp } from '../run/load.ts';
import { inTurns, type Turn } from '../run/rounds.ts';
import { startServers } from '../servers/start-servers.ts';
import type { RunScenario } from './scenario.ts';

export const run: RunScenario = async (bench) => {
  const { sizes, note, untilMs } = bench;
  const servers = await startServers(bench, ['bareFastify', 'poolQuery', 'bunqueue', 'bidePostgres']);
  try {
    for (const server of servers) if (server.read !== null) await warmUp(server, server.read);
    const turns = servers.flatMap(({ name, read, ...server }): Turn[] =>
      read === null ? [] : [{ side: name, measure: () => load(server, read, sizes.loadMs) }],
    );
    return await inTurns(turns, { rounds: sizes.rounds, untilMs, note });
  } finally {
    await Promise.all(servers.map(({ end }) => end()));
  }
};
