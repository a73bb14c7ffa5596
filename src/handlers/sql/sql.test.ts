import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Json } from '../../core/job.ts';
import { DEFAULT_LIMITS, type Limits } from '../../core/limits.ts';
import type { AttemptOutcome, Handler } from '../../engine/api.ts';
import { systemClock } from '../../engine/clock.ts';
import { resultOf, sampleAttempt } from '../sample-attempt.ts';
import type { SqlOptions } from './options.ts';
import { sqlHandler } from './sql.ts';

const DATA = fileURLToPath(new URL('../../../node_modules/vega-datasets/data', import.meta.url));
const FLIGHTS = join(DATA, 'flights-3m.parquet');
const WEATHER = fileURLToPath(new URL('../../../examples/data/seattle-weather.csv', import.meta.url));
/** Scans for many seconds when nobody stops it, with progress. */
const LONG = 'SELECT max(md5(repeat(origin, 400))) FROM flights';

let folder: string;
let shared: Handler;
const handlers: Handler[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bide-sql-test-'));
  shared = handlerOf({ datasets: { flights: FLIGHTS, weather: WEATHER } });
});
after(async () => {
  for (const handler of handlers) await handler.close?.();
  await rm(folder, { recursive: true });
});

function handlerOf(options: SqlOptions, limits: Partial<Limits> = {}): Handler {
  const handler = sqlHandler(options, {
    limits: { ...DEFAULT_LIMITS, ...limits },
    clock: systemClock,
    baseDir: folder,
  });
  handlers.push(handler);
  return handler;
}

function start(input: Json, handler = shared) {
  const attempt = sampleAttempt(input, { type: 'sql' });
  return { attempt, ended: handler.run(attempt) };
}

async function query(text: string, rest: { readonly [key: string]: Json } = {}, handler = shared): Promise<unknown> {
  return resultOf(await start({ query: text, ...rest }, handler).ended);
}

async function failureOf(input: Json, handler = shared) {
  const outcome: AttemptOutcome = await start(input, handler).ended;
  assert.equal(outcome.kind, 'failed', JSON.stringify(outcome));
  return { ...outcome.failure, isRetryable: outcome.isRetryable };
}

/** Processes that this one has started, by the argument that names their entry. */
async function queryProcesses(): Promise<number[]> {
  const children = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8');
  const pids = children.trim().split(' ').filter(Boolean).map(Number);
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return pids.filter((_, index) => commands[index]?.includes('query-process'));
}

/** Resolves when the processes have computed for a fifth of a second more: a query is well under way. */
async function untilBusy(pids: readonly number[]): Promise<void> {
  const ticks = async () => {
    const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8')));
    return stats.reduce((sum, stat) => sum + Number(stat.slice(stat.lastIndexOf(')')).split(' ')[12]), 0);
  };
  const before = await ticks();
  while ((await ticks()) < before + 20);
}

describe('sqlHandler', () => {
  it('answers over Parquet, CSV and both', async () => {
    assert.deepEqual(await query('SELECT count(*) AS n, min(date) AS first FROM flights'), {
      columns: ['n', 'first'],
      rows: [[3_000_000, '2001-01-01T00:01:00']],
      row_count: 1,
    });
    assert.deepEqual(await query('SELECT weather, count(*) FROM weather GROUP BY ALL ORDER BY 2 DESC, 1 LIMIT 2'), {
      columns: ['weather', 'count_star()'],
      rows: [
        ['rain', 641],
        ['sun', 640],
      ],
      row_count: 2,
    });
    const joined = (await query('SELECT count(*) FROM weather WHERE date NOT IN (SELECT date::DATE FROM flights)')) as {
      rows: unknown;
    };
    assert.deepEqual(joined.rows, [[1461]]);
  });

  it('gives columns without rows', async () => {
    assert.deepEqual(await query('SELECT origin FROM flights WHERE false'), {
      columns: ['origin'],
      rows: [],
      row_count: 0,
    });
  });

  it('adds the names of the types when asked to', async () => {
    const result = (await query('SELECT date, delay, origin, delay / 2.5::DECIMAL(3, 1) AS d FROM flights', {
      types: true,
      limit: 0,
    })) as { types: unknown };
    assert.deepEqual(result.types, ['TIMESTAMP', 'BIGINT', 'VARCHAR', 'DOUBLE']);
  });

  it('stops at limit and offset and says whether there is more', async () => {
    const page = (limit: number, offset: number) => query('FROM range(5000)', { limit, offset });
    assert.deepEqual(await page(2, 0), { columns: ['range'], rows: [[0], [1]], row_count: 2, has_more: true });
    assert.deepEqual(await page(2, 4_998), {
      columns: ['range'],
      rows: [[4998], [4999]],
      row_count: 2,
      has_more: false,
    });
    assert.deepEqual(await page(10, 6_000), { columns: ['range'], rows: [], row_count: 0, has_more: false });
    assert.deepEqual(
      await query('FROM range(4096)', { limit: 2_048 }).then((result) => (result as { has_more: boolean }).has_more),
      true,
    );
    assert.deepEqual(
      await query('FROM range(2048)', { limit: 2_048 }).then((result) => (result as { has_more: boolean }).has_more),
      false,
    );
  });

  it('binds parameters by place and by name', async () => {
    const rows = async (text: string, parameters: Json) =>
      ((await query(text, { parameters })) as { rows: unknown }).rows;
    assert.deepEqual(await rows('SELECT ? + ?, $2', [1, 2.5]), [[3.5, 2.5]]);
    assert.deepEqual(await rows('SELECT $a, $b, $c', { a: null, b: 'x', c: false }), [[null, 'x', false]]);
    assert.deepEqual(await rows('SELECT count(*) FROM weather WHERE date >= ?', ['2015-12-30']), [[2]]);
    assert.deepEqual(await rows('SELECT count(*) FROM weather WHERE list_contains($1, weather)', [['snow', 'fog']]), [
      [127],
    ]);
    assert.deepEqual(await rows('SELECT $1::VARCHAR', ["'; DROP TABLE flights; --"]), [["'; DROP TABLE flights; --"]]);
  });

  it('binds every number as the number that it is, alone and in lists', async () => {
    const rows = async (text: string, parameters: Json) =>
      ((await query(text, { parameters })) as { rows: unknown }).rows;
    assert.deepEqual(await rows('SELECT $1, $2, $3', [1e19, -12345678901234567000, 1e300]), [
      ['10000000000000000000', '-12345678901234567000', 1e300],
    ]);
    assert.deepEqual(await rows('SELECT $1::BIGINT = 1234567890123456800', [1234567890123456800]), [[true]]);
    assert.deepEqual(await rows('SELECT $1', [[1, 2.5]]), [[[1, 2.5]]]);
    assert.deepEqual(await rows('SELECT $1', [[1, 2 ** 31, 1e19]]), [[[1, 2 ** 31, '10000000000000000000']]]);
    assert.deepEqual(await rows('SELECT $1, $2', [[null, 7], []]), [[[null, 7], []]]);
    assert.deepEqual(
      await rows("SELECT list_contains($1, 'x'), $2", [
        [null, 'x'],
        [true, null],
      ]),
      [[true, [true, null]]],
    );
  });

  it('refuses a struct field named __proto__, whose value would be lost', async () => {
    const failure = await failureOf({ query: "SELECT [{'a': {'__proto__': 1}}]" });
    assert.deepEqual([failure.code, failure.isRetryable], ['SQL_REFUSED', false]);
    assert.match(failure.message, /__proto__/);
  });

  it('fails for good when parameters do not fit', async () => {
    for (const input of [
      { query: 'SELECT ?' },
      { query: 'SELECT ?', parameters: [] },
      { query: 'SELECT ?', parameters: [1, 2] },
      { query: 'SELECT $a', parameters: { b: 1 } },
    ]) {
      const failure = await failureOf(input);
      assert.equal(failure.code, 'SQL_FAILED');
      assert.equal(failure.isRetryable, false);
      assert.match(failure.message, /parameter|bind|Bind/);
    }
  });

  it('points at the place of an error', async () => {
    const failure = await failureOf({ query: 'SELECT dely FROM flights' });
    assert.match(failure.message, /^Binder Error: Referenced column "dely" not found in FROM clause!/);
    assert.deepEqual(failure.details, { line: 'LINE 1: SELECT dely FROM flights\n               ^' });
    assert.equal(failure.isRetryable, false);
    assert.match((await failureOf({ query: 'SELECT FROM WHERE' })).message, /syntax error at or near "WHERE"/);
  });

  for (const input of [
    null,
    'SELECT 1',
    {},
    { query: '' },
    { query: 'SELECT 1', limit: -1 },
    { query: 'SELECT 1', sql: 1 },
    { query: 'SELECT 1', datasets: { a: 'https://a.example/x.csv' } },
  ]) {
    it(`fails for good with the input ${JSON.stringify(input)}`, async () => {
      assert.equal((await failureOf(input)).code, 'INPUT_INVALID');
    });
  }
});

describe('sqlHandler against escapes', () => {
  for (const [text, code] of [
    ["FROM read_csv('/etc/passwd')", 'SQL_REFUSED'],
    ["FROM '/etc/passwd'", 'SQL_REFUSED'],
    ["FROM read_text('/etc/passwd')", 'SQL_REFUSED'],
    ["FROM glob('/*')", 'SQL_REFUSED'],
    [`FROM read_parquet('${FLIGHTS}')`, 'SQL_REFUSED'],
    ["COPY (SELECT 1) TO '/tmp/bide-escape.csv'", 'SQL_REFUSED'],
    ["ATTACH '/tmp/bide-escape.db'", 'SQL_REFUSED'],
    ["ATTACH ':memory:' AS other", 'SQL_REFUSED'],
    ['INSTALL httpfs', 'SQL_REFUSED'],
    ['LOAD httpfs', 'SQL_REFUSED'],
    ['SET threads = 64', 'SQL_REFUSED'],
    ['SET VARIABLE x = 1', 'SQL_REFUSED'],
    ['PRAGMA database_list', 'SQL_REFUSED'],
    ['CALL pragma_version()', 'SQL_REFUSED'],
    ["EXPORT DATABASE '/tmp/bide-escape'", 'SQL_REFUSED'],
    ["IMPORT DATABASE '/tmp/bide-escape'", 'SQL_REFUSED'],
    ['CREATE TABLE t (a INT)', 'SQL_REFUSED'],
    ['CREATE TEMP TABLE t (a INT)', 'SQL_REFUSED'],
    ['CREATE MACRO m() AS 1', 'SQL_REFUSED'],
    ['INSERT INTO flights VALUES (1)', 'SQL_REFUSED'],
    ['DROP VIEW flights', 'SQL_REFUSED'],
    ['BEGIN', 'SQL_REFUSED'],
    ['PREPARE p AS SELECT 1', 'SQL_REFUSED'],
    ['EXECUTE p', 'SQL_REFUSED'],
    ['CHECKPOINT', 'SQL_REFUSED'],
    ['EXPLAIN SELECT 1', 'SQL_REFUSED'],
    ['SELECT 1; SELECT 2', 'SQL_REFUSED'],
    ["SELECT 1; COPY flights TO '/tmp/bide-escape'", 'SQL_REFUSED'],
    ["SELECT current_setting('allowed_paths')", 'SQL_REFUSED'],
    ["SELECT getenv('PATH')", 'SQL_REFUSED'],
    ['FROM duckdb_settings()', 'SQL_REFUSED'],
    ['FROM duckdb_secrets()', 'SQL_REFUSED'],
    ['FROM duckdb_views', 'SQL_REFUSED'],
    ['FROM sqlite_master', 'SQL_REFUSED'],
    ['FROM information_schema.tables', 'SQL_REFUSED'],
    ["FROM query('FROM duckdb_settings()')", 'SQL_REFUSED'],
    ["FROM json_execute_serialized_sql(json_serialize_sql('FROM duckdb_settings()'))", 'SQL_REFUSED'],
    [`SELECT ${'('.repeat(50_000)}1`, 'SQL_FAILED'],
    [`SELECT ${'1+'.repeat(50_000)}1`, 'SQL_FAILED'],
    [`SELECT ${'- '.repeat(50_000)}1`, 'SQL_FAILED'],
  ] as const) {
    it(`ends as ${code}: ${text.slice(0, 80)}`, async () => {
      const failure = await failureOf({ query: text });
      assert.equal(failure.code, code, failure.message);
      assert.equal(failure.isRetryable, false);
      assert.ok(!failure.message.includes(DATA), failure.message);
    });
  }

  it('leaves nothing of one job for the next', async () => {
    const temporary = 'SELECT table_name FROM (SELECT 1 AS table_name)';
    for (let count = 0; count < 3; count += 1)
      assert.deepEqual(await query(temporary), { columns: ['table_name'], rows: [[1]], row_count: 1 });
    assert.deepEqual(await query('SELECT random() < 2 FROM (SELECT setseed(0.5))'), {
      columns: ['(random() < 2)'],
      rows: [[true]],
      row_count: 1,
    });
  });

  it('shows nothing of the environment to the process that runs queries', async () => {
    await query('SELECT 1');
    const [pid] = await queryProcesses();
    const names = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0').map((line) => line.split('=')[0]);
    assert.deepEqual(
      names.filter((name) => name !== '' && !name?.startsWith('NODE_CHANNEL')),
      [],
    );
  });

  it('ends a query that needs more memory than it may have', async () => {
    const small = handlerOf({ datasets: {}, memoryMib: 64 });
    const failure = await failureOf({ query: 'SELECT list(i) FROM range(1000000000) t(i)' }, small);
    assert.equal(failure.message, 'The query needs more memory than its type allows (memoryMib is 64).');
    assert.equal(failure.isRetryable, false);
  });

  it('ends the process of a query that takes memory behind the back of DuckDB', async () => {
    const small = handlerOf({ datasets: {}, memoryMib: 64 });
    const failure = await failureOf({ query: "SELECT length(repeat('x', 4000000000)) FROM range(100)" }, small);
    assert.equal(failure.code, 'SQL_FAILED');
    assert.equal(failure.isRetryable, false);
    assert.deepEqual(await query('SELECT 1 AS one', {}, small), { columns: ['one'], rows: [[1]], row_count: 1 });
  });

  it('refuses more rows than the limit', async () => {
    const small = handlerOf({ datasets: {}, rowsMax: 5_000 });
    const failure = await failureOf({ query: 'FROM range(1000000000000)' }, small);
    assert.deepEqual(failure, {
      code: 'SQL_TOO_MANY_ROWS',
      message: 'The query returns more than 5000 rows (rowsMax); aggregate, or add LIMIT.',
      details: { limit: 'rowsMax', value: 5_000 },
      isRetryable: false,
    });
    assert.equal(((await query('FROM range(5000)', {}, small)) as { row_count: number }).row_count, 5_000);
  });

  it('refuses more bytes than a result may have', async () => {
    const small = handlerOf({ datasets: {} }, { resultBytesMax: 10_000 });
    const failure = await failureOf({ query: "SELECT repeat('x', 1000) FROM range(100000)" }, small);
    assert.equal(failure.code, 'RESULT_TOO_LARGE');
  });
});

describe('sqlHandler on cancel', () => {
  it('reports progress and interrupts the query, and uses the process again', async () => {
    const handler = handlerOf({ datasets: { flights: FLIGHTS }, threads: 1 });
    await query('SELECT 1', {}, handler);
    const before = await queryProcesses();
    const { attempt, ended } = start({ query: LONG }, handler);
    const { percent = 0 } = await attempt.reported();
    assert.ok(percent > 0 && percent <= 100);
    attempt.abort('cancel');
    assert.deepEqual(await ended, { kind: 'aborted' });
    assert.deepEqual(await queryProcesses(), before);
    assert.deepEqual(await query('SELECT 2 AS two', {}, handler), { columns: ['two'], rows: [[2]], row_count: 1 });
  });

  it('kills the process of a query that ignores the interrupt', async () => {
    const before = await queryProcesses();
    const handler = handlerOf({ datasets: {}, memoryMib: 2_048 }, { cancelGraceMs: 100 });
    await query('SELECT 1', {}, handler);
    const [pid] = (await queryProcesses()).filter((each) => !before.includes(each));
    assert.ok(pid !== undefined);
    const { attempt, ended } = start({ query: "SELECT length(repeat('x', 1000000000)) FROM range(1000)" }, handler);
    await untilBusy([pid]);
    attempt.abort('timeout');
    assert.deepEqual(await ended, { kind: 'aborted' });
    assert.ok(!(await queryProcesses()).includes(pid));
    assert.deepEqual(await query('SELECT 1 AS one', {}, handler), { columns: ['one'], rows: [[1]], row_count: 1 });
  });

  for (const text of [
    'WITH RECURSIVE r AS (SELECT 1 i UNION ALL SELECT i + 1 FROM r) SELECT count(*) FROM r',
    'SELECT count(*) FROM range(1000000000000) t(i) WHERE hash(i) % 3 = 0',
  ]) {
    it(`ends an endless query: ${text.slice(0, 40)}`, async () => {
      const { attempt, ended } = start({ query: text });
      await untilBusy(await queryProcesses());
      attempt.abort('timeout');
      assert.deepEqual(await ended, { kind: 'aborted' });
    });
  }

  it('runs several queries at once, each in a process of its own, and ends them all when closed', async () => {
    const handler = handlerOf({ datasets: { flights: FLIGHTS }, threads: 1 });
    const before = await queryProcesses();
    const long = [start({ query: LONG }, handler), start({ query: LONG }, handler)];
    await Promise.all(long.map(({ attempt }) => attempt.reported()));
    assert.equal((await queryProcesses()).length, before.length + 2);
    assert.deepEqual(await query('SELECT 3 AS three', {}, handler), { columns: ['three'], rows: [[3]], row_count: 1 });
    await handler.close?.();
    for (const { ended } of long) assert.equal((await ended).kind, 'failed');
    assert.deepEqual(await queryProcesses(), before);
    assert.deepEqual(
      (await readdir(tmpdir())).filter((name) => name.startsWith(`bide-sql-${process.pid}-`)).length,
      handlers.length - 1,
    );
  });
});

describe('sqlHandler over files', () => {
  it('reads JSON, NDJSON and CSV by their names or by what the config says', async () => {
    await writeFile(join(folder, 'a.json'), '[{"n":1,"deep":{"x":[1,2]}},{"n":2,"deep":{"x":[]}}]');
    await writeFile(join(folder, 'b.ndjson'), '{"n":3}\n{"n":4}\n');
    await writeFile(join(folder, 'c.txt'), 'n;t\n5;x\n6;y\n');
    const handler = handlerOf({ datasets: { a: 'a.json', b: './b.ndjson', c: { path: 'c.txt', format: 'csv' } } });
    const rows = async (text: string) => ((await query(text, {}, handler)) as { rows: unknown }).rows;
    assert.deepEqual(await rows('SELECT n, deep FROM a ORDER BY n'), [
      [1, { x: [1, 2] }],
      [2, { x: [] }],
    ]);
    assert.deepEqual(await rows('SELECT a.n, b.n, c.n FROM a, b, c ORDER BY ALL LIMIT 1'), [[1, 3, 5]]);
  });

  it('reads JSON with a byte order mark as the JSON that it is', async () => {
    await writeFile(join(folder, 'marked.json'), '\ufeff[{"n":1},{"n":2}]');
    const handler = handlerOf({ datasets: { marked: 'marked.json' } });
    const { columns, rows } = (await query('SELECT * FROM marked', {}, handler)) as { columns: unknown; rows: unknown };
    assert.deepEqual([columns, rows], [['n'], [[1], [2]]]);
  });

  it('reads a file again when it has changed', async () => {
    const file = join(folder, 'changing.csv');
    await writeFile(file, 'n\n1\n');
    const handler = handlerOf({ datasets: { changing: file } });
    const sum = async () => ((await query('SELECT sum(n) FROM changing', {}, handler)) as { rows: unknown }).rows;
    assert.deepEqual(await sum(), [[1]]);
    await writeFile(file, 'n\n2\n');
    await utimes(file, new Date(), new Date(Date.now() + 5_000));
    assert.deepEqual(await sum(), [[2]]);
  });

  it('fails for now when a file is missing, without its path', async () => {
    const handler = handlerOf({ datasets: { gone: 'gone.parquet', broken: 'broken.parquet' } });
    const failure = await failureOf({ query: 'FROM gone' }, handler);
    assert.deepEqual(failure, {
      code: 'SQL_FAILED',
      message: 'The file of the data set gone cannot be read: ENOENT.',
      details: null,
      isRetryable: true,
    });
    assert.deepEqual(await query('SELECT 1 AS one', {}, handler), { columns: ['one'], rows: [[1]], row_count: 1 });
    await writeFile(join(folder, 'broken.parquet'), 'no parquet');
    const broken = await failureOf({ query: 'FROM broken' }, handler);
    assert.ok(!broken.message.includes(folder), broken.message);
  });

  it('takes paths with quotes', async () => {
    await writeFile(join(folder, "it's.csv"), 'n\n7\n');
    const handler = handlerOf({ datasets: { quoted: "it's.csv" } });
    assert.deepEqual(await query('FROM quoted', {}, handler), { columns: ['n'], rows: [[7]], row_count: 1 });
  });
});
