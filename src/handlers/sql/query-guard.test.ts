import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { guardQuery, isTableName, QueryRefused, SqlSyntaxError } from './query-guard.ts';
import { openSandbox, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;
before(async () => {
  sandbox = await openSandbox({ memoryMib: 64, threads: 1 });
});
after(() => sandbox.close());

async function guarded(query: string): Promise<string[]> {
  const result = await sandbox.connection.run('SELECT json_serialize_sql($1::VARCHAR)', [query]);
  const [[tree] = []] = await result.getRows();
  return [...guardQuery(JSON.parse(String(tree)), ['flights', 'Weather'])].sort();
}

describe('guardQuery', () => {
  for (const [query, tables] of [
    ['SELECT 1', []],
    ['SELECT * FROM flights', ['flights']],
    ['FROM FLIGHTS', ['flights']],
    ['TABLE flights;', ['flights']],
    ['SELECT * FROM main.flights', ['flights']],
    ['SELECT * FROM memory.main."weather" w', ['weather']],
    ['SELECT * FROM flights JOIN weather USING (date)', ['flights', 'weather']],
    ['WITH a AS (SELECT * FROM flights), b AS (SELECT * FROM a) SELECT * FROM b', ['flights']],
    ['WITH RECURSIVE r AS (SELECT 1 i UNION ALL SELECT i + 1 FROM r WHERE i < 9) FROM r', []],
    ['SELECT (SELECT max(delay) FROM flights) WHERE 1 IN (SELECT 1 FROM weather)', ['flights', 'weather']],
    ['VALUES (1), (2)', []],
    ['FROM range(3)', []],
    ['SELECT * FROM generate_series(1, 3), unnest([1, 2])', []],
    ['SELECT unnest([1, 2]), list_transform([1], lambda x: x + 1)', []],
    ['DESCRIBE flights', ['flights']],
    ['SUMMARIZE SELECT * FROM weather', ['weather']],
    ["PIVOT flights ON origin IN ('SEA', 'SFO') USING count(*)", ['flights']],
    ['UNPIVOT flights ON delay, distance', ['flights']],
    ["SELECT 'read_csv(''/etc/passwd'')' -- FROM duckdb_settings()", []],
    ['SELECT count(*) FILTER (delay > 3) OVER () FROM flights QUALIFY row_number() OVER () = 1', ['flights']],
  ] as const) {
    it(`lets pass: ${query}`, async () => assert.deepEqual(await guarded(query), tables));
  }

  for (const [query, reason] of [
    ['SELECT 1; SELECT 2', 'Send one SELECT; there is more than one statement.'],
    ['', 'Send one SELECT; there is no statement.'],
    ['-- nothing', 'Send one SELECT; there is no statement.'],
    ['CREATE TABLE t (a INT)', 'Send one SELECT; other statements are not run here.'],
    ['EXPLAIN ANALYZE SELECT 1', 'Send one SELECT; other statements are not run here.'],
    ["COPY flights TO '/tmp/x'", 'Send one SELECT; other statements are not run here.'],
    ['SELECT * FROM nowhere', 'There is no data set called nowhere: those are flights, Weather.'],
    ["FROM '/etc/passwd'", 'There is no data set called /etc/passwd: those are flights, Weather.'],
    ["FROM 'flights.parquet'", 'There is no data set called flights.parquet: those are flights, Weather.'],
    ['FROM duckdb_settings', 'There is no data set called duckdb_settings: those are flights, Weather.'],
    ['FROM information_schema.tables', 'There is no data set called tables: those are flights, Weather.'],
    ['FROM information_schema.flights', 'There is no data set called flights: those are flights, Weather.'],
    ['FROM other.main.flights', 'There is no data set called flights: those are flights, Weather.'],
    ['FROM pg_catalog.pg_tables', 'There is no data set called pg_tables: those are flights, Weather.'],
    ['WITH a AS (SELECT 1) FROM main.a', 'There is no data set called a: those are flights, Weather.'],
    [
      'WITH sqlite_master AS (SELECT 1) FROM sqlite_master',
      'A CTE may not be called sqlite_master, like a table of the system.',
    ],
    [
      'SELECT (WITH Duckdb_Views AS (SELECT 1) SELECT 1), * FROM duckdb_views',
      'A CTE may not be called Duckdb_Views, like a table of the system.',
    ],
    [
      "FROM read_csv('/etc/passwd')",
      'The table function read_csv is not available here; query the data sets by their names.',
    ],
    [
      "SELECT * FROM flights, READ_TEXT('/etc/passwd')",
      'The table function read_text is not available here; query the data sets by their names.',
    ],
    [
      "WITH a AS (FROM glob('*')) SELECT 1",
      'The table function glob is not available here; query the data sets by their names.',
    ],
    [
      'SELECT (SELECT count(*) FROM duckdb_settings())',
      'The table function duckdb_settings is not available here; query the data sets by their names.',
    ],
    ["FROM query('SELECT 1')", 'The table function query is not available here; query the data sets by their names.'],
    ["SELECT current_setting('memory_limit')", 'The function current_setting is not available here.'],
    ["SELECT list_transform([1], lambda x: getvariable('a'))", 'The function getvariable is not available here.'],
    ['SELECT 1 FROM flights ORDER BY pg_sleep(1)', 'The function pg_sleep is not available here.'],
    ['SHOW TABLES', 'SHOW is not available here; DESCRIBE and SUMMARIZE take the name of a data set.'],
    ['SHOW DATABASES', 'SHOW is not available here; DESCRIBE and SUMMARIZE take the name of a data set.'],
    ["DESCRIBE FROM '/etc/passwd'", 'There is no data set called /etc/passwd: those are flights, Weather.'],
    ["SUMMARIZE '/etc/passwd'", 'There is no data set called /etc/passwd: those are flights, Weather.'],
  ] as const) {
    it(`refuses: ${query}`, async () => {
      await assert.rejects(guarded(query), (error) => {
        assert.ok(error instanceof QueryRefused);
        assert.equal(error.message, reason);
        return true;
      });
    });
  }

  it('tells a syntax error from a refusal', async () => {
    await assert.rejects(
      guarded('SELEC 1'),
      (error) => error instanceof SqlSyntaxError && /syntax error at or near "SELEC"/.test(error.message),
    );
  });

  it('says so when there is no data set at all', () => {
    const tree = {
      error: false,
      statements: [{ node: { type: 'SELECT_NODE', from_table: { type: 'BASE_TABLE', table_name: 'x' } } }],
    };
    assert.throws(() => guardQuery(tree, []), { message: 'There is no data set called x: there are none.' });
  });
});

describe('guardQuery and the catalog of this DuckDB', () => {
  it('lets no relation of the system be reached by its bare name', async () => {
    const views = await sandbox.connection.run(
      'SELECT view_name FROM duckdb_views() WHERE internal UNION SELECT table_name FROM duckdb_tables()',
    );
    const names = (await views.getRows()).map(([name]) => String(name));
    assert.ok(names.length > 20);
    for (const name of names) await assert.rejects(guarded(`FROM ${name}`), QueryRefused);
  });

  it('knows the bare names of the system, so that no CTE can hide behind one', async () => {
    const views = await sandbox.connection.run(
      "SELECT view_name FROM duckdb_views() WHERE internal AND schema_name <> 'information_schema'",
    );
    for (const [name] of await views.getRows()) assert.equal(isTableName(String(name)), false, String(name));
    await assert.rejects(sandbox.connection.run('FROM tables'), /does not exist/);
  });

  it('lets no table function through that reads anything', async () => {
    const functions = await sandbox.connection.run(
      "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type IN ('table', 'table_macro')",
    );
    const allowed: string[] = [];
    for (const [name] of await functions.getRows()) {
      await guarded(`FROM ${name}()`).then(
        () => allowed.push(String(name)),
        (error) => assert.ok(error instanceof QueryRefused, String(error)),
      );
    }
    assert.deepEqual(allowed.sort(), [
      'generate_series',
      'json_each',
      'json_tree',
      'range',
      'repeat',
      'repeat_row',
      'unnest',
    ]);
  });
});

describe('isTableName', () => {
  for (const name of ['a', '_a1', 'Flights', 'x'.repeat(63)])
    it(`takes ${name}`, () => assert.equal(isTableName(name), true));
  for (const name of ['', '1a', 'a b', 'a"b', 'pg_x', 'SQLITE_x', 'x'.repeat(64)]) {
    it(`refuses ${JSON.stringify(name)}`, () => assert.equal(isTableName(name), false));
  }
});
