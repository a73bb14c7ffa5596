/** The second line of defence: what DuckDB itself refuses in a locked sandbox, whatever the guard would have let through. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openSandbox, type Sandbox } from './sandbox.ts';

const WEATHER = new URL('../../../examples/data/seattle-weather.csv', import.meta.url).pathname;

let folder: string;
let sandbox: Sandbox;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bide-sandbox-'));
  await writeFile(join(folder, 'secret.csv'), 'a,b\n1,2\n');
  sandbox = await openSandbox({ memoryMib: 64, threads: 1 });
  await sandbox.connection.run(`COPY (FROM read_csv('${WEATHER}')) TO '${folder}/weather.parquet' (FORMAT parquet)`);
  await sandbox.lock(new Map([['weather', join(folder, 'weather.parquet')]]));
});
after(async () => {
  sandbox.close();
  await rm(folder, { recursive: true });
});

describe('a locked sandbox', () => {
  it('reads its tables', async () => {
    const result = await sandbox.connection.run('SELECT count(*)::INT FROM weather');
    assert.deepEqual(await result.getRows(), [[1461]]);
  });

  for (const statement of [
    "FROM read_csv('/etc/passwd')",
    "FROM read_csv('FOLDER/secret.csv')",
    "FROM 'FOLDER/secret.csv'",
    "FROM read_text('/etc/passwd')",
    "FROM read_blob('/etc/hostname')",
    "FROM read_json('/proc/self/environ')",
    "FROM read_parquet('FOLDER/../secret.parquet')",
    "FROM glob('FOLDER/*')",
    "FROM sniff_csv('/etc/passwd')",
    "FROM read_csv('http://127.0.0.1:1/x.csv')",
    "FROM 's3://bucket/x.parquet'",
    "COPY (SELECT 1) TO 'FOLDER/out.csv'",
    "COPY weather TO 'FOLDER/weather.parquet'",
    "EXPORT DATABASE 'FOLDER/out'",
    "IMPORT DATABASE 'FOLDER/out'",
    "ATTACH 'FOLDER/out.db'",
    'INSTALL httpfs',
    'LOAD httpfs',
    "LOAD 'FOLDER/x.duckdb_extension'",
    "INSTALL x FROM 'http://127.0.0.1:1'",
    "SET memory_limit = '10GB'",
    'SET enable_external_access = true',
    'SET lock_configuration = false',
    "SET temp_directory = 'FOLDER'",
    "SET allowed_paths = ['/etc/passwd']",
    "SET allowed_directories = ['/']",
    'SET autoload_known_extensions = true',
    'RESET threads',
    'PRAGMA threads = 9',
    "PRAGMA enable_profiling = 'json'",
    "SET profiling_output = 'FOLDER/profile.json'",
    "SET log_query_path = 'FOLDER/log'",
    "CREATE SECRET s (TYPE s3, KEY_ID 'x')",
    'CREATE PERSISTENT SECRET s (TYPE http)',
    "SELECT getenv('PATH')",
  ]) {
    it(`refuses ${statement}`, async () => {
      const known = await readdir(folder);
      await assert.rejects(sandbox.connection.run(statement.replaceAll('FOLDER', folder)));
      assert.deepEqual(await readdir(folder), known);
    });
  }

  it('spills nothing to disk', async () => {
    const sort = 'SELECT sum(hash(a)) FROM (SELECT a FROM range(30000000) t(a) ORDER BY hash(a) LIMIT 20000000)';
    await assert.rejects(sandbox.connection.run(sort), /Out of Memory|memory/);
  });
});
