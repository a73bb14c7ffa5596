/** Pages of one statement: from one kept result, whoever asks, whatever the order in which the statement gives its rows. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Json } from '../../core/job.ts';
import type { JobType } from '../../engine/api.ts';
import { openRig, type Rig, type WireAnswer } from '../contract-suite.ts';
import { kinetica } from './index.ts';
import { DEFAULT_OPTIONS } from './options.ts';

const MINUTE_MS = 60_000;
const LOST = 'the table is gone';

const TOO_MANY = 'The query returns more than 10 rows (rowsMax); aggregate, or add LIMIT.';

interface Asked {
  readonly query: string;
  readonly parameters?: readonly Json[];
  readonly limit?: number;
}

/** Twelve rows, which each evaluation gives in another order; `few` has two, `huge` more than may be returned at once. */
function shuffled(): { readonly type: JobType; runs(): number; fails(next: boolean): void } {
  let runs = 0;
  let isFailing = false;
  const type: JobType = {
    name: 'shuffled',
    slots: 4,
    defaults: { timeoutMs: null, retainMs: null, retry: { attempts: 1 } },
    checkInput: (input) => ({ kind: 'valid', input }),
    handler: {
      kind: 'function',
      async run({ input }) {
        runs += 1;
        if (isFailing) {
          return { kind: 'failed', failure: { code: 'SQL_FAILED', message: LOST, details: null }, isRetryable: false };
        }
        const { query, parameters = [], limit } = JSON.parse(input) as Asked;
        if (query.includes('huge') && limit === undefined) {
          const failure = { code: 'SQL_TOO_MANY_ROWS', message: TOO_MANY, details: null };
          return { kind: 'failed', failure, isRetryable: false };
        }
        const count = Math.min(limit ?? 12, query.includes('few') ? 2 : 12);
        const rows = Array.from({ length: count }, (_, row) => [(row * 5 + runs) % count, parameters[0] ?? null]);
        const bytes = Buffer.from(JSON.stringify({ columns: ['n', 'p'], types: ['INTEGER', 'INTEGER'], rows }));
        return { kind: 'succeeded', result: { contentType: 'application/json', bytes } };
      },
    },
  };
  const fails = (next: boolean) => {
    isFailing = next;
  };
  return { type, runs: () => runs, fails };
}

interface Sql {
  readonly statement?: string;
  readonly offset: number;
  readonly limit?: number;
  readonly options?: Readonly<Record<string, string>>;
}

const payload = (answer: WireAnswer) => JSON.parse(JSON.parse(answer.text).data_str || 'null');

describe('paging', () => {
  const table = shuffled();
  let rig: Rig;
  let runsBefore = 0;
  const options = { ...DEFAULT_OPTIONS, endpoints: { '/execute/sql': { type: 'shuffled', kind: 'sql' } } } as const;
  before(async () => {
    const credentials = (key: string) => ({ authorization: `Bearer ${key}` });
    rig = await openRig(kinetica, { options, credentials } as never, { types: [table.type] });
  });
  after(() => rig.close());
  beforeEach(() => {
    runsBefore = table.runs();
    table.fails(false);
  });
  const runs = () => table.runs() - runsBefore;

  function send({ statement = 'SELECT n FROM t', limit = 5, ...rest }: Sql, as: 'owner' | 'other' = 'owner') {
    const json = { statement, limit, encoding: 'json', ...rest };
    return rig.send({ method: 'POST', path: '/execute/sql', json: json as never }, as);
  }
  async function page(sql: Sql, as?: 'owner' | 'other') {
    const sent = await send(sql, as);
    assert.equal(sent.status, 200, sent.text);
    const answer = payload(sent);
    return { answer, values: JSON.parse(answer.json_encoded_response).column_1 as number[] };
  }
  async function distinct(sql: Omit<Sql, 'offset'>): Promise<number> {
    const pages = [];
    for (const offset of [0, 5, 10]) pages.push(...(await page({ ...sql, offset })).values);
    assert.equal(pages.length, 12);
    return new Set(pages).size;
  }

  it('a named paging table gives every row once, from one evaluation', async () => {
    assert.equal(await distinct({ options: { paging_table: 'a', paging_table_ttl: '20' } }), 12);
    assert.equal(runs(), 1);
    assert.equal(await distinct({ options: { paging_table: 'b' } }), 12);
    assert.equal(runs(), 2);
  });

  it('the answer names the paging table while there is more, and not where the first call returned everything', async () => {
    const options = { paging_table: 'named' };
    const { answer: first } = await page({ offset: 0, options });
    assert.deepEqual(
      [first.paging_table, first.info.paging_table, first.info.result_table_list],
      Array(3).fill('named'),
    );
    assert.deepEqual([first.has_more_records, first.total_number_of_records, first.count_affected], [true, 12, 5]);
    const { answer: last } = await page({ offset: 10, options });
    assert.deepEqual([last.paging_table, last.has_more_records, last.count_affected], ['named', false, 2]);
    const { answer: whole } = await page({ offset: 0, limit: 12, options: { paging_table: 'whole' } });
    assert.deepEqual([whole.paging_table, whole.info.result_table_list], ['', undefined]);
  });

  it('one name under two statements is two results: rows of another statement are never given', async () => {
    const options = { paging_table: 'shared' };
    await page({ offset: 0, options });
    const other = await page({ statement: 'SELECT n FROM few', offset: 0, options });
    assert.equal(other.answer.total_number_of_records, 2);
    assert.equal((await page({ offset: 5, options })).answer.total_number_of_records, 12);
    const five = await page({ offset: 0, options: { ...options, query_parameters: '[5]' } });
    assert.equal(JSON.parse(five.answer.json_encoded_response).column_2[0], 5);
  });

  it('a paging table is its tenant’s: another one evaluates for itself', async () => {
    await page({ offset: 0, options: { paging_table: 'mine' } });
    await page({ offset: 5, options: { paging_table: 'mine' } }, 'other');
    assert.equal(runs(), 2);
  });

  it('pages without a name come from one evaluation for a while, also by the name that the first answer gave', async () => {
    const statement = 'SELECT n FROM unnamed';
    assert.equal(await distinct({ statement }), 12);
    const { answer, values } = await page({ statement, offset: 0 });
    const options = { paging_table: answer.paging_table };
    assert.deepEqual((await page({ statement, offset: 0, options })).values, values);
    assert.equal(runs(), 1);
    await rig.clock.advance(6 * MINUTE_MS);
    await rig.sweep();
    assert.equal(await distinct({ statement }), 12);
    assert.equal(runs(), 2);
  });

  it('a first page that is everything is evaluated anew each time', async () => {
    for (let call = 0; call < 3; call += 1) await page({ statement: 'SELECT n FROM few', offset: 0 });
    assert.equal(runs(), 3);
  });

  it('the first page of a result that is too large to be kept is answered alone; what is to be paged in whole is refused', async () => {
    const { answer, values } = await page({ statement: 'SELECT n FROM huge', offset: 0 });
    assert.deepEqual([values.length, answer.has_more_records], [5, true]);
    for (const sql of [{ offset: 5 }, { offset: 0, options: { paging_table: 'huge' } }, { offset: 0, limit: -9999 }]) {
      const refused = await send({ statement: 'SELECT n FROM huge', ...sql });
      assert.equal(refused.status, 400);
      assert.match(refused.text, /rowsMax/);
    }
  });

  it('callers who begin at once share one evaluation', async () => {
    const options = { paging_table: 'at once' };
    const pages = await Promise.all([0, 5, 10, 0, 5, 10].map((offset) => page({ offset, options })));
    assert.equal(new Set(pages.flatMap(({ values }) => values)).size, 12);
    assert.equal(runs(), 1);
  });

  it('a page after one that failed is evaluated anew', async () => {
    const options = { paging_table: 'failing' };
    table.fails(true);
    const failed = await send({ offset: 0, options });
    assert.deepEqual([failed.status, JSON.parse(failed.text).message], [400, LOST]);
    table.fails(false);
    assert.equal(await distinct({ options }), 12);
  });

  it('jobs that name a paging table are cut from the first one’s rows, each under an id of its own', async () => {
    const seen = [];
    const ids = [];
    for (const offset of [0, 5, 10]) {
      const inner = {
        statement: 'SELECT n FROM jobs',
        offset,
        limit: 5,
        encoding: 'json',
        options: { paging_table: 'j' },
      };
      const json = { endpoint: '/execute/sql', request_encoding: 'json', data_str: JSON.stringify(inner), options: {} };
      const { job_id: id, info } = payload(
        await rig.send({ method: 'POST', path: '/create/job', json: json as never }),
      );
      ids.push(id);
      await ended(info.query_id);
      const polled = { method: 'POST', path: '/get/job', json: { job_id: id, options: {} } };
      const { job_response_str: text } = payload(await rig.send(polled));
      seen.push(...JSON.parse(JSON.parse(text).json_encoded_response).column_1);
    }
    assert.deepEqual([new Set(ids).size, seen.length, new Set(seen).size], [3, 12, 12]);
  });

  function ended(id: string) {
    const until = { for: 'all', until: { kind: 'done' }, timeoutMs: Number.POSITIVE_INFINITY } as const;
    return rig.engine.wait({ tenant: rig.tenant, ids: [id], ...until, signal: new AbortController().signal });
  }

  it('a cleared paging table goes on paging, as the Python DB-API does; one that never was is unknown', async () => {
    const options = { paging_table: 'cleared' };
    const first = await page({ offset: 0, options });
    const clear = (name: string, more: Readonly<Record<string, string>> = {}) =>
      rig.send({ method: 'POST', path: '/clear/table', json: { table_name: name, options: more } });
    assert.deepEqual(payload(await clear('cleared')), { table_name: 'cleared', info: {} });
    const rest = [...(await page({ offset: 5, options })).values, ...(await page({ offset: 10, options })).values];
    assert.equal(new Set([...first.values, ...rest]).size, 12);
    assert.equal((await clear('never')).status, 400);
    assert.equal((await clear('never', { no_error_if_not_exists: 'true' })).status, 200);
  });

  it('what is no time to live, no name and no parameters is refused with the field', async () => {
    for (const [options, expected] of [
      [{ paging_table: 'x', paging_table_ttl: 'soon' }, /paging_table_ttl must be a number of minutes/],
      [{ paging_table: 'x'.repeat(201) }, /paging_table must have at most 200/],
      [{ query_parameters: '{"a":1}' }, /query_parameters must be the text of a JSON list/],
      [{ query_parameters: '[[1],[2]]' }, /query_parameters has 2 rows/],
    ] as const) {
      const refused = await send({ offset: 0, options });
      assert.equal(refused.status, 400);
      assert.match(JSON.parse(refused.text).message, expected);
    }
    assert.equal(runs(), 0);
  });
});
