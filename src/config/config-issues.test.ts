import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Type } from 'typebox';
import * as v from 'valibot';
import { z } from 'zod';
import { DEFAULT_LIMITS } from '../core/limits.ts';
import { configIssues } from './config-issues.ts';
import { command, http, remote, sql } from './define-config.ts';
import { typebox } from './typebox-schema.ts';

const run = () => 1;

function told(config: unknown): string[] {
  return configIssues(config, DEFAULT_LIMITS).map(({ path, message }) => `${path} ${message}`);
}

const inType = (type: unknown) => told({ types: { t: type } });

/** What is wrong, the config, and what is said of it. */
const WRONG_CONFIGS: readonly (readonly [string, unknown, string])[] = [
  ['null', null, ' must be an object, not null'],
  ['a list', [], ' must be an object, not a list'],
  ['a function', run, ' must be an object, not a function'],
  ['no types', {}, 'types is missing'],
  ['types as a list', { types: [] }, 'types must be an object, not a list'],
  ['a misspelt section', { types: {}, limit: {} }, 'limit is no option here; did you mean limits?'],
  [
    'an unknown section',
    { types: {}, plugins: [] },
    'plugins is no option here; the options are types, limits, server, dialects, deliveries, tenants, schedules',
  ],
  [
    'an unknown limit',
    { types: {}, limits: { bodyMax: 1 } },
    'limits.bodyMax is refused: There is no limit named bodyMax',
  ],
  [
    'a limit out of range',
    { types: {}, limits: { bodyBytesMax: 1 } },
    'limits.bodyBytesMax is refused: Limit bodyBytesMax must be a whole number from 1024 to 67108864, not 1',
  ],
  ['a limit that is a text', { types: {}, limits: { bodyBytesMax: '1' } }, 'limits.bodyBytesMax must be a number'],
  ['limits as a list', { types: {}, limits: [] }, 'limits must be an object of numbers'],
  [
    'a port out of range',
    { types: {}, server: { port: 65_536 } },
    'server.port must be a whole number from 0 to 65535, not 65536',
  ],
  [
    'a public URL that is none',
    { types: {}, server: { publicUrl: 'jobs.example.com' } },
    'server.publicUrl must be an http or https URL without user and password, not "jobs.example.com"',
  ],
  [
    'a host name with a port',
    { types: {}, dialects: { a: { hostName: 'a:80' } } },
    'dialects.a.hostName must be a host name such as jobs.example.com, not "a:80"',
  ],
  [
    'an address as host name',
    { types: {}, dialects: { a: { hostName: '127.0.0.1' } } },
    'dialects.a.hostName must be a host name such as jobs.example.com, not "127.0.0.1"',
  ],
  [
    'a weight of 0',
    { types: {}, tenants: { acme: { weight: 0 } } },
    'tenants.acme.weight must be a whole number from 1 to 100, not 0',
  ],
  [
    'too many tenants',
    { types: {}, tenants: Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`t${index}`, {}])) },
    'tenants must name at most 1000 tenants',
  ],
  [
    'an unknown dialect option',
    { types: {}, dialects: { a: { prot: 1 } } },
    'dialects.a.prot is no option here; did you mean port?',
  ],
];

/** The same of one type. */
const WRONG_TYPES: readonly (readonly [string, unknown, string])[] = [
  ['a number', 5, 'types.t must be a function, an object with `run`, or made by command(), http(), sql() or remote()'],
  ['null', null, 'types.t must be a function, an object with `run`, or made by command(), http(), sql() or remote()'],
  ['an object without run', { slots: 1 }, 'types.t.run is missing'],
  ['a run that is no function', { run: 'x' }, 'types.t.run must be a function, not "x"'],
  ['an unknown kind', { kind: 'shell' }, 'types.t.kind must be one of command, http, sql, remote, not "shell"'],
  ['a misspelt option', { run, slot: 1 }, 'types.t.slot is no option here; did you mean slots?'],
  ['no slots', { run, slots: 0 }, 'types.t.slots must be a whole number from 1 to 10000, not 0'],
  ['an aging of 0', { run, agingMs: 0 }, 'types.t.agingMs must be a whole number from 1 to 31622400000, not 0'],
  [
    'a limit of 0',
    { run, limit: { concurrency: 0 } },
    'types.t.limit.concurrency must be a whole number from 1 to 10000, not 0',
  ],
  [
    'a key that is no function',
    { run, limit: { key: 'customer' } },
    `types.t.limit.key must be a function that makes a limit key of the input, not "customer"`,
  ],
  ['a rate without a time', { run, limit: { rate: { count: 5 } } }, 'types.t.limit.rate.perMs is missing'],
  ['half a slot', { run, slots: 0.5 }, 'types.t.slots must be a whole number from 1 to 10000, not 0.5'],
  [
    'a timeout as text',
    { run, timeoutMs: '5s' },
    'types.t.timeoutMs must be a whole number from 1 to 604800000, not "5s"',
  ],
  ['a retry that is a number', { run, retry: 3 }, 'types.t.retry must be an object, not 3'],
  [
    'an unknown retry option',
    { run, retry: { tries: 3 } },
    'types.t.retry.tries is no option here; the options are attempts, backoffMs, factor, maxMs',
  ],
  [
    'a shrinking backoff',
    { run, retry: { factor: 0.5 } },
    'types.t.retry.factor must be a number from 1 to 10, not 0.5',
  ],
  [
    'a first wait above the longest one',
    { run, retry: { backoffMs: 90_000, maxMs: 60_000 } },
    'types.t.retry.maxMs must not be less than backoffMs, which is the first wait',
  ],
  ['NaN', { run, retry: { factor: Number.NaN } }, 'types.t.retry.factor must be a number from 1 to 10, not NaN'],
  [
    'a schema that is none',
    { run, input: { type: 'object' } },
    'types.t.input must be a Standard Schema; use one made by zod, valibot or another such library',
  ],
  [
    'a bare TypeBox type',
    { run, input: Type.Object({}) },
    'types.t.input must be a Standard Schema; wrap the TypeBox type: input: typebox(Type.Object(…))',
  ],
  ['a command without a program', { kind: 'command' }, 'types.t.program is missing'],
  ['an empty program', command({ program: '' }), 'types.t.program must be a text that is not empty, not ""'],
  [
    'arguments as one text',
    { kind: 'command', program: 'x', args: '-a -b' },
    'types.t.args must be a list, not "-a -b"',
  ],
  [
    'an argument that is a number',
    { kind: 'command', program: 'x', args: ['-n', 5] },
    'types.t.args[1] must be a text without NUL, not 5',
  ],
  [
    'an output that is neither',
    { kind: 'command', program: 'x', output: 'text' },
    'types.t.output must be one of json, bytes, not "text"',
  ],
  [
    'exit code 0 as permanent',
    { kind: 'command', program: 'x', permanentExitCodes: [0] },
    'types.t.permanentExitCodes[0] must be a whole number from 1 to 255, not 0',
  ],
  [
    'a variable name with =',
    { kind: 'command', program: 'x', env: { 'A=B': '' } },
    'types.t.env["A=B"] must have a name without = and NUL, not "A=B"',
  ],
  ['an upstream without a URL', { kind: 'http' }, 'types.t.url is missing'],
  [
    'a URL with a password',
    http({ url: 'https://u:p@a.example/' }),
    'types.t.url must be an http or https URL without user and password, not "https://u:p@a.example/"',
  ],
  [
    'a file URL',
    http({ url: 'file:///etc/passwd' }),
    'types.t.url must be an http or https URL without user and password, not "file:///etc/passwd"',
  ],
  [
    'a header with a line break',
    http({ url: 'https://a.example/', headers: { a: 'b\r\nc: d' } }),
    'types.t.headers.a must be a text without line breaks, not "b\\r\\nc: d"',
  ],
  [
    'a header name with a blank',
    http({ url: 'https://a.example/', headers: { 'a b': 'c' } }),
    'types.t.headers["a b"] must have the name of a header, none of content-length, transfer-encoding, connection, accept-encoding, not "a b"',
  ],
  [
    'a header that the client makes',
    http({ url: 'https://a.example/', headers: { 'Content-Length': '1' } }),
    'types.t.headers["Content-Length"] must have the name of a header, none of content-length, transfer-encoding, connection, accept-encoding, not "Content-Length"',
  ],
  [
    'a data set without a known end',
    sql({ datasets: { a: 'x.xlsx' } }),
    'types.t.datasets.a must say its format, or end in .parquet, .csv, .tsv, .json, .jsonl or .ndjson',
  ],
  [
    'a data set with path and url',
    { kind: 'sql', datasets: { a: { path: 'x.csv', url: 'https://a.example/x.csv' } } },
    'types.t.datasets.a.path is no option here; the options are url, format',
  ],
  [
    'a remote type with a handler',
    { kind: 'remote', run },
    'types.t.run is no option here; the options are description, input, result, slots, agingMs, expectedMs, limit, timeoutMs, retainMs, retry, kind',
  ],
];

describe('configIssues', () => {
  it('lets a config pass that uses every option', () => {
    const common = {
      slots: 3,
      agingMs: 60_000,
      expectedMs: 5_000,
      limit: { concurrency: 5, rate: { count: 100, perMs: 1_000 } },
      timeoutMs: 1_000,
      retainMs: 0,
      retry: { attempts: 2, backoffMs: 0, factor: 1.5, maxMs: 10 },
      input: z.object({}),
    };
    const config = {
      types: {
        plain: run,
        'with.every-sign_1:2': { ...common, run },
        valibot: { run, input: v.object({}) },
        typebox: { run, input: typebox(Type.Object({})) },
        program: command({
          ...common,
          program: 'x',
          args: ['a', ''],
          cwd: '..',
          env: { A: '' },
          output: 'bytes',
          contentType: 'text/plain; charset=utf-8',
          permanentExitCodes: [1],
        }),
        upstream: http({
          ...common,
          url: 'https://a.example:8443/x/{id}/{b}?y=1',
          method: 'PUT',
          headers: { 'X-A': 'b c' },
          send: 'nothing',
          allowPrivateAddresses: true,
          redirectsMax: 0,
          answerFields: ['id'],
        }),
        query: sql({
          ...common,
          datasets: {
            a: 'x.csv',
            b: { path: 'y', format: 'json' },
            c: { url: 'https://a.example/z.parquet' },
            d: { url: 'http://a.example/z', format: 'csv' },
          },
          allowUrls: ['https://a.example/open/', 'http://localhost:*/'],
          urlBytesMax: 1,
          urlMaxAgeMs: 0,
          allowPrivateAddresses: false,
          memoryMib: 64,
          threads: 1,
          rowsMax: 1,
        }),
        left: remote({ ...common }),
        undefinedOptions: { run, slots: undefined },
      },
      limits: { bodyBytesMax: 2_048, waitMsMax: undefined },
      server: { host: '0.0.0.0', port: 0, publicUrl: 'https://jobs.example.com/base', dashboard: false },
      dialects: { any: { enabled: false, port: 9_191, hostName: 'kinetica.example.com', options: { a: 1 } } },
      deliveries: { allowPrivateAddresses: true },
    };
    assert.deepEqual(told(config), []);
  });

  for (const [name, config, message] of WRONG_CONFIGS) {
    it(`refuses ${name}`, () => assert.deepEqual(told(config), [message]));
  }

  for (const name of ['', ' a', 'a b', '-a', 'a/b', 'ä', 'x'.repeat(101), '__proto']) {
    it(`refuses the type name ${JSON.stringify(name.slice(0, 20))}`, () => {
      const [issue] = configIssues({ types: { [name]: run } }, DEFAULT_LIMITS);
      assert.match(
        issue?.message ?? '',
        /^must have a name of letters, digits and \. _ - : that begins with a letter or digit/,
      );
    });
  }

  for (const [name, type, message] of WRONG_TYPES) {
    it(`refuses ${name}`, () => assert.deepEqual(inType(type), [message]));
  }

  for (const table of ['select from', '1a', 'duckdb_settings', 'PG_class', 'a.b', 'x"y']) {
    it(`refuses the table name ${table}`, () => {
      assert.match(
        inType(sql({ datasets: { [table]: 'x.csv' } }))[0] ?? '',
        /must have a name of letters, digits and _/,
      );
    });
  }

  for (const url of [
    'https://{id}/x',
    'https://a.example/x?y={id}',
    'https://a.example/x-{id}',
    'https://a.example/{id}.json',
    'https://a.example/{}',
    'https://a.example/{i-d}',
    'https://{host}.example/{id}',
    'https://a.example/#/{id}',
  ]) {
    it(`refuses the placeholder in ${url}`, () => {
      const [issue = ''] = inType(http({ url }));
      assert.ok(issue.startsWith('types.t.url m'), issue);
    });
  }

  it('tells every issue at once', () => {
    assert.equal(told({ types: { a: { run: 1, slots: 0 }, b: 2 }, server: { port: -1 } }).length, 4);
  });
});
