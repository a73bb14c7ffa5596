/** Holds the texts that pages make of jobs to what they mean: JSON laid out, calls to copy, filters in the address. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);

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

test('an input that would lose digits is refused where the browser cannot keep them, and so is one that is no JSON', async () => {
  const { jsonFault } = await ui('json-text.js');
  assert.equal(jsonFault('{"a": 9007199254740991, "b": 0.1, "c": "12345678901234567890"}'), null);
  assert.match(jsonFault('{"a": 12345678901234567890}', false), /12345678901234567890 has more digits/);
  assert.match(jsonFault('{"a": '), /JSON/);
});

test('calls to copy hold the input as it is, and no way out of their quotes', async () => {
  const { snippetsOf } = await ui('job-snippets.js');
  const job = { type: "it's", tags: { team: 'a b' }, priority: 3 };
  const [curl, typescript, _python, cli] = snippetsOf(
    job,
    '{"n":12345678901234567890,"q":"\'; rm x"}',
    'http://h:1',
  ).map(([, text]: [string, string]) => text);
  for (const text of [curl, typescript, cli]) assert.match(text, /12345678901234567890/);
  assert.match(
    curl,
    /-d '\{"type": "it'\\''s", "input": \{"n":12345678901234567890,"q":"'\\''; rm x"\}, "tags": \{"team":"a b"\}, "priority": 3\}'$/,
  );
  assert.match(cli, /^bide submit 'it'\\''s' /);
  assert.match(cli, /--tag 'team=a b'/);
});

test('a long number goes through a form digit for digit', async () => {
  const { parseExactly, exactNumber, jsonFault } = await ui('json-text.js');
  const { jsonOf, JsonText } = await ui('form-value.js');
  const text = '{"a":12345678901234567890,"b":[0.10,-9007199254740993],"c":1e400,"d":"12345678901234567890","e":5}';
  assert.equal(JSON.stringify(parseExactly(text)), text);
  const { json, issues } = jsonOf({ field: exactNumber('12345678901234567890'), half: 0.5, text: new JsonText(text) });
  assert.deepEqual(issues, []);
  assert.equal(JSON.stringify(json), `{"field":12345678901234567890,"half":0.5,"text":${text}}`);
  assert.equal(exactNumber('5'), 5);
  assert.equal(jsonFault(text), null);
});

test('the call in Python works as it stands', async (t) => {
  if (spawnSync('python3', ['-V']).error !== undefined) return t.diagnostic('No python3 here: not tried.');
  const { snippetsOf } = await ui('job-snippets.js');
  const asked: { url: string | undefined; body: string; key: string | undefined }[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { url, headers } = request;
    asked.push({ url, body: Buffer.concat(parts).toString(), key: headers.authorization });
    const finishedAt = url === '/b/v1/jobs' ? null : '2026-01-01T00:00:00Z';
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ id: 'j-1', state: finishedAt === null ? 'queued' : 'succeeded', finishedAt }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/b`;
    const input = '{"n":12345678901234567890,"q":"\'\\" \\\\ \\n {x} ü \u{1f600} \u2028"}';
    const job = { type: "it's", tags: { team: 'a "b" ü' }, priority: 3 };
    const [, text] = snippetsOf(job, input, url).find(([name]: [string]) => name === 'Python');
    const { stdout } = await run('python3', ['-c', text], { env: { ...process.env, BIDE_KEY: 'k' } });
    assert.equal(stdout, 'j-1 succeeded\n');
    assert.deepEqual(
      asked.map(({ url: path, key }) => [path, key]),
      [
        ['/b/v1/jobs', 'Bearer k'],
        ['/b/v1/jobs/j-1?wait=30', 'Bearer k'],
      ],
    );
    const body = asked[0]?.body ?? '';
    assert.match(body, /"n":12345678901234567890,/);
    assert.deepEqual(JSON.parse(body), { ...job, input: JSON.parse(input) });
  } finally {
    server.close();
  }
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
