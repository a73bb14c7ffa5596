import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Json } from '../../core/job.ts';
import { inputIssues } from './sql-input.ts';

const OPTIONS = { datasets: { Flights: 'flights.parquet' }, allowUrls: ['https://data.example.com/open/'] };
const paths = (input: Json) => inputIssues(OPTIONS, input).map(({ path }) => path);

describe('inputIssues', () => {
  it('lets every field pass', () => {
    const datasets = {
      a: 'https://data.example.com/open/a.csv',
      b: { url: 'https://data.example.com/open/b?x=1', format: 'json' },
    };
    const parameters = [1, 'x', null, false, [1, null, 2], []];
    assert.deepEqual(
      inputIssues(OPTIONS, { query: 'SELECT 1', parameters, limit: 0, offset: 9, types: true, datasets }),
      [],
    );
    assert.deepEqual(inputIssues({}, { query: 'SELECT 1', parameters: { a: 1, b: ['x'] } }), []);
  });

  for (const [input, expected] of [
    [null, ['']],
    ['SELECT 1', ['']],
    [[], ['']],
    [{}, ['/query']],
    [{ query: ' \n' }, ['/query']],
    [{ query: 5 }, ['/query']],
    [{ query: 'SELECT 1 --\0' }, ['/query']],
    [{ query: "SELECT '\ud800'" }, ['/query']],
    [{ query: `SELECT '${'x'.repeat(200_000)}'` }, ['/query']],
    [{ query: `SELECT 1 ${'/*'.repeat(501)}` }, ['/query']],
    [{ query: 'x', statement: 'y', Limit: 1 }, ['/statement', '/Limit']],
    [{ query: 'x', parameters: 'y' }, ['/parameters']],
    [{ query: 'x', parameters: [{ a: 1 }, [[1]], [1, 'x']] }, ['/parameters/0', '/parameters/1', '/parameters/2']],
    [{ query: 'x', limit: 1.5, offset: -1, types: 'yes' }, ['/limit', '/offset', '/types']],
    [{ query: 'x', datasets: ['https://data.example.com/open/a.csv'] }, ['/datasets']],
    [{ query: 'x', datasets: { 'a b': 'https://data.example.com/open/a.csv' } }, ['/datasets/a b']],
    [{ query: 'x', datasets: { flights: 'https://data.example.com/open/a.csv' } }, ['/datasets/flights']],
    [{ query: 'x', datasets: { a: 'https://data.example.com/secret/a.csv' } }, ['/datasets/a']],
    [{ query: 'x', datasets: { a: 'file:///etc/passwd' } }, ['/datasets/a']],
    [{ query: 'x', datasets: { a: '/etc/passwd' } }, ['/datasets/a']],
    [{ query: 'x', datasets: { a: 'https://data.example.com/open/unknown' } }, ['/datasets/a']],
    [{ query: 'x', datasets: { a: { url: 'https://data.example.com/open/a.csv', format: 'xlsx' } } }, ['/datasets/a']],
  ] as const) {
    it(`finds ${JSON.stringify(expected)} in ${JSON.stringify(input)?.slice(0, 70)}`, () =>
      assert.deepEqual(paths(input as Json), expected));
  }

  it('bounds the number of data sets', () => {
    const datasets = Object.fromEntries(
      Array.from({ length: 21 }, (_, index) => [`t${index}`, 'https://data.example.com/open/a.csv']),
    );
    assert.deepEqual(paths({ query: 'x', datasets }), ['/datasets']);
  });
});
