import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dataFormatOf, sqlSettingsOf } from './options.ts';

describe('dataFormatOf', () => {
  for (const [data, format] of [
    ['a.parquet', 'parquet'],
    ['A.CSV', 'csv'],
    ['a.tsv.gz', 'csv'],
    ['a.csv.zst', 'csv'],
    ['a.jsonl', 'json'],
    ['a.ndjson.gz', 'json'],
    ['a.json', 'json'],
    ['a.xlsx', null],
    ['csv', null],
    ['folder/mycsv', null],
    ['a.csv_gz', null],
    [{ path: 'a.txt', format: 'csv' }, 'csv'],
    [{ path: 'a.csv' }, 'csv'],
    [{ url: 'https://a.example/x.parquet?download=1' }, 'parquet'],
    [{ url: 'https://a.example/x?file=y.parquet' }, null],
  ] as const) {
    it(`says ${format} of ${JSON.stringify(data)}`, () => assert.equal(dataFormatOf(data), format));
  }
});

describe('sqlSettingsOf', () => {
  it('fills in the defaults and makes paths absolute', () => {
    const settings = sqlSettingsOf({ datasets: { a: 'x/a.csv', b: { url: 'https://a.example/b.json' } } }, '/base');
    assert.deepEqual(settings.datasets, {
      a: { kind: 'file', path: '/base/x/a.csv', format: 'csv' },
      b: { kind: 'url', url: 'https://a.example/b.json', format: 'json' },
    });
    assert.deepEqual(
      [settings.memoryMib, settings.threads, settings.rowsMax, settings.allowUrls],
      [512, 2, 100_000, []],
    );
  });
});
