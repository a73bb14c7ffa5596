/** Models what the pages decide without a browser: what is wrong now, how a schema becomes fields, and how fields become JSON. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

/** The pages are plain JavaScript, which the types of this test do not cover. */
async function page<Exports>(name: string): Promise<Exports> {
  return await import(new URL(`../../src/dashboard/ui/${name}.js`, import.meta.url).href);
}

type Trouble = { readonly text: string };
type Shape = { readonly kind: string };
const { troublesOf } = await page<{ troublesOf: (facts: object) => readonly Trouble[] }>('troubles');
const { shapeOf, startOf } = await page<{ shapeOf: (schema: object) => Shape; startOf: (schema: object) => unknown }>(
  'schema-shape',
);
const { jsonOf, JsonText } = await page<{
  jsonOf: (value: unknown) => { json: unknown; issues: readonly { path: string }[] };
  JsonText: new (text: string) => object;
}>('form-value');

const figures = (succeeded: number, failed: number) => ({ succeeded, failed });
const QUIET = {
  ...{ name: 'mail', paused: false, waiting: 0, oldestWaitingMs: null },
  ...{ last5Minutes: figures(10, 0), last60Minutes: figures(100, 1) },
};
const worker = { types: [{ name: 'mail', slots: 1 }] };
const said = (type: object, more: object = {}) =>
  troublesOf({ types: [{ ...QUIET, ...type }], workers: [worker], webhooks: [], unready: null, ...more }).map(
    ({ text }) => text,
  );

test('nothing is wrong where jobs run, wait a moment, or fail as seldom as ever', () => {
  assert.deepEqual(said({}), []);
  assert.deepEqual(said({ waiting: 3, oldestWaitingMs: 2_000 }), []);
  assert.deepEqual(said({ last5Minutes: figures(90, 5), last60Minutes: figures(900, 60) }), []);
});

test('each trouble is a sentence', () => {
  assert.deepEqual(said({ paused: true, waiting: 1 }), ['mail is paused: 1 job waits.']);
  assert.deepEqual(said({ waiting: 2 }, { workers: [] }), [
    'Nobody works on mail: 2 jobs wait. Start a worker for it.',
  ]);
  assert.deepEqual(said({ waiting: 2, oldestWaitingMs: 240_000 }), [
    'mail falls behind: 2 jobs wait, the oldest for 4 min.',
  ]);
  assert.deepEqual(said({ last5Minutes: figures(6, 4), last60Minutes: figures(96, 14) }), [
    'mail fails: 4 of 10 in the last 5 minutes (10 % in the hour before).',
  ]);
  const webhooks = [
    { id: 'w', url: 'https://x.test/', disabled: { reason: 'Too many failures.' }, failingSince: null },
  ];
  assert.deepEqual(said({}, { webhooks }), ['The webhook https://x.test/ is disabled: Too many failures.']);
  assert.deepEqual(said({ paused: true }, { unready: 'draining' }), [
    'The server takes no work: draining',
    'mail is paused.',
  ]);
});

test('a schema becomes fields as far as they can say it', () => {
  const kind = (schema: object) => shapeOf(schema).kind;
  assert.equal(kind({ type: 'string' }), 'text');
  assert.equal(kind({ type: 'integer' }), 'number');
  assert.equal(kind({ anyOf: [{ const: 'a' }, { const: 'b' }] }), 'choice');
  assert.equal(kind({ type: 'array', items: { type: 'string' } }), 'list');
  for (const rich of [
    {},
    { anyOf: [{ type: 'string' }, { type: 'number' }] },
    { type: 'array', items: { type: 'array', items: {} } },
    { type: 'object', additionalProperties: { type: 'string' } },
    { type: ['string', 'null'] },
    { $ref: '#/$defs/node' },
  ])
    assert.equal(kind(rich), 'json', JSON.stringify(rich));
  const schema = {
    type: 'object',
    required: ['on'],
    properties: { on: { type: 'boolean' }, more: { type: 'string' } },
  };
  assert.deepEqual(startOf(schema), { on: false }, 'what may be left out is left to the server');
});

test('fields become JSON, and a text that is none is said at its path', () => {
  const { json, issues } = jsonOf({ a: 1, left: undefined, b: new JsonText('{"c":[1]}'), empty: new JsonText(' ') });
  assert.deepEqual([json, issues], [{ a: 1, b: { c: [1] } }, []]);
  assert.deepEqual(
    jsonOf({ 'x/y': [new JsonText('{')] }).issues.map(({ path }) => path),
    ['/x~1y/0'],
  );
});
