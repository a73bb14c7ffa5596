/** Holds the texts that pages make of jobs to what they mean: JSON laid out, calls to copy, filters in the address. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

/** Plain JavaScript for browsers, which the types of this side know nothing of. */
const ui = (name: string) => import(new URL(`../../src/dashboard/ui/${name}`, import.meta.url).href);

test('JSON is laid out without a change to what it says', async () => {
  const { prettyJson } = await ui('json-text.js');
  const text = '{"n":12345678901234567890.10,"s":"a{\\"b\\": [1,2]}","e":{},"l":[],"d":[{"x":null},-1e5]}';
  const pretty = prettyJson(text);
  assert.equal(
    pretty,
    `{
  "n": 12345678901234567890.10,
  "s": "a{\\"b\\": [1,2]}",
  "e": {},
  "l": [],
  "d": [
    {
      "x": null
    },
    -1e5
  ]
}`,
  );
  assert.equal(prettyJson(pretty), pretty);
  assert.equal(prettyJson('"a  b"'), '"a  b"');
  assert.equal(prettyJson('{"a":'), null);
});

test('an input that would lose digits is refused, and so is one that is no JSON', async () => {
  const { jsonFault } = await ui('json-text.js');
  assert.equal(jsonFault('{"a": 9007199254740991, "b": 0.1, "c": "12345678901234567890"}'), null);
  assert.match(jsonFault('{"a": 12345678901234567890}'), /12345678901234567890 has more digits/);
  assert.match(jsonFault('{"a": '), /JSON/);
});

test('calls to copy hold the input as it is, and no way out of their quotes', async () => {
  const { snippetsOf } = await ui('job-snippets.js');
  const job = { type: "it's", tags: { team: 'a b' }, priority: 3 };
  const [curl, typescript, cli] = snippetsOf(job, '{"n":12345678901234567890,"q":"\'; rm x"}', 'http://h:1').map(
    ([, text]: [string, string]) => text,
  );
  for (const text of [curl, typescript, cli]) assert.match(text, /12345678901234567890/);
  assert.match(
    curl,
    /-d '\{"type": "it'\\''s", "input": \{"n":12345678901234567890,"q":"'\\''; rm x"\}, "tags": \{"team":"a b"\}, "priority": 3\}'$/,
  );
  assert.match(cli, /^bide submit 'it'\\''s' /);
  assert.match(cli, /--tag 'team=a b'/);
});

test('filters come back out of the address as the client takes them, and fit what the server would list', async () => {
  const { filterOf, fits, tagWord } = await ui('job-query.js');
  const query = new URLSearchParams('state=failed&state=nonsense&type=t&since=1h&error=NO');
  query.set('tag', tagWord('a:b\\', 'c:d'));
  const filter = filterOf(query, 3_600_000);
  assert.deepEqual(filter, {
    states: ['failed'],
    types: ['t'],
    tags: { 'a:b\\': 'c:d' },
    createdFrom: new Date(0),
    errorCode: 'NO',
  });
  const at = '1970-01-01T00:00:01.000Z';
  const job = { id: 'i', state: 'failed', type: 't', tags: filter.tags, createdAt: at, finishedAt: at };
  assert.equal(fits(filter, { ...job, error: { code: 'NO', message: 'Full' } }), true);
  assert.equal(fits(filter, { ...job, error: { code: 'OTHER', message: 'Full' } }), false);
  assert.equal(fits({ text: 'full' }, { ...job, error: { code: 'NO', message: 'Full' } }), true);
  assert.deepEqual(filterOf(new URLSearchParams('from=nonsense&text='), 0), {});
});

test('a life is cut into stretches without a gap', async () => {
  const { stretchesOf } = await ui('timeline.js');
  const time = (ms: number) => new Date(ms).toISOString();
  const attempt = { worker: null, error: null, fence: 1 };
  const attempts = [
    { ...attempt, number: 1, startedAt: time(10), endedAt: time(20), outcome: 'failed' },
    { ...attempt, number: 2, startedAt: time(50), endedAt: null, outcome: 'running' },
  ];
  const job = { createdAt: time(0), finishedAt: null, state: 'running' };
  assert.deepEqual(
    stretchesOf(job, attempts, 70).map(({ label, from, to }: Record<string, unknown>) => [label, from, to]),
    [
      ['queued', 0, 10],
      ['#1 failed', 10, 20],
      ['waited', 20, 50],
      ['#2 running', 50, 70],
    ],
  );
});
