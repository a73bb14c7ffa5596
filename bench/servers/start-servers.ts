/** Starts those servers of a scenario that can play here. The first Bide also tells how long the references' bodies are to be. */
import { freshFolder } from '../run/children.ts';
import type { Bench } from '../scenarios/scenario.ts';
import type { SERVERS } from '../sides/catalog.ts';
import { bodyBytes, type Server, startBare, startBide, startBunqueue, startPoolQuery } from './start-server.ts';

export type ServerName = keyof typeof SERVERS;

const NEEDS_POSTGRES: readonly ServerName[] = ['poolQuery', 'bidePostgres'];

export async function startServers(bench: Bench, names: readonly ServerName[]): Promise<readonly Server[]> {
  const started: Server[] = [];
  try {
    const sqlite = await startBide({ folder: freshFolder('bide'), url: null }, bench.services);
    started.push(sqlite);
    const bytes = await bodyBytes(sqlite);
    for (const name of names.filter((one) => canPlay(one, bench))) {
      if (name === 'bareFastify') started.push(await startBare(bytes));
      if (name === 'poolQuery') started.push(await startPoolQuery(bytes, bench.services));
      if (name === 'bunqueue') started.push(await startBunqueue());
      if (name === 'bidePostgres') {
        const url = await bench.services.place('postgres');
        started.push(await startBide({ folder: freshFolder('bide'), url }, bench.services));
      }
    }
    return started;
  } catch (error) {
    await Promise.all(started.map(({ end }) => end()));
    throw error;
  }
}

function canPlay(name: ServerName, { sides, isSqliteOnly }: Bench): boolean {
  if (NEEDS_POSTGRES.includes(name)) return !isSqliteOnly;
  return name !== 'bunqueue' || sides.some(({ package: own }) => own === 'bunqueue');
}
