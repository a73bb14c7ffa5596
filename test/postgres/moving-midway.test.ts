/** A store that is moved in the middle of its work goes on where it is then, in every direction. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openPostgres } from '../../src/store/postgres/index.ts';
import { openSqlite } from '../../src/store/sqlite/index.ts';
import { proveMidway } from '../engine/midway-proof.ts';
import { startTestServer, type TestServer } from './server.ts';

const folder = mkdtempSync(join(tmpdir(), 'bide-midway-'));
let server: TestServer;
before(async () => {
  server = await startTestServer({ isDurable: false });
});
after(async () => {
  await server.end();
  rmSync(folder, { recursive: true });
});

let made = 0;
const open = {
  SQLite: () => openSqlite({ folder: join(folder, String(++made)), synchronous: 'normal' }),
  PostgreSQL: async () => openPostgres({ url: await server.createDatabase() }),
} as const;

const MOVES = [
  ['SQLite', 'SQLite'],
  ['SQLite', 'PostgreSQL'],
  ['PostgreSQL', 'SQLite'],
] as const;
for (const [source, target] of MOVES) {
  test(`from ${source} to ${target}: all that waits, is parked, held, grouped or scheduled goes on and ends`, async () => {
    const [from, to] = await Promise.all([open[source](), open[target]()]);
    try {
      await from.migrate();
      await proveMidway(from, to);
    } finally {
      await Promise.all([from.close(), to.close()]);
    }
  });
}
