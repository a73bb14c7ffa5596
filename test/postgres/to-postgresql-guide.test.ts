/** The guide from SQLite to PostgreSQL, as it stands there: a job of the old server has its result on the new one, with the old key. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { blocksOf, documentOf, runStops, stopsOf } from '../process/doc-blocks.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';
import { startTestServer } from './server.ts';

async function call(
  server: ServerProcess,
  path: string,
  key: string,
  body?: unknown,
): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
  return (await (await fetch(`${server.url}${path}`, init)).json()) as Record<string, unknown>;
}

test('docs/guides/to-postgresql.md moves jobs and keys', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-move-'));
  const postgres = await startTestServer({ isDurable: false });
  try {
    const url = await postgres.createDatabase();
    const old = await startServer({ data: join(folder, 'old'), cwd: folder, args: ['--playground'] });
    const job = await call(old, '/v1/jobs?wait=20', old.key, { type: 'echo', input: { kept: true } });
    assert.equal(job.state, 'succeeded');
    assert.equal(await old.end('SIGTERM'), 0);

    const stops = blocksOf(documentOf('docs/guides/to-postgresql.md'), 'sh recipe').flatMap(stopsOf);
    assert.equal(stops.length, 3);
    process.env.OLD = join(folder, 'old');
    process.env.NEW = url;
    await runStops(stops, old, folder);

    await using moved = await startServer({
      data: join(folder, 'old'),
      cwd: folder,
      args: ['--playground', '--database', url],
    });
    const seen = await call(moved, `/v1/jobs/${String(job.id)}`, old.key);
    assert.deepEqual([seen.state, seen.result], ['succeeded', { kept: true }]);
  } finally {
    await postgres.end();
    rmSync(folder, { recursive: true, force: true });
  }
});
