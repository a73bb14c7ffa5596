import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEventParser, type ServerEvent } from './event-parser.ts';

/** The events of a text that comes in these pieces. */
function eventsOf(...pieces: readonly string[]): ServerEvent[] {
  const parser = createEventParser(1_000);
  return pieces.flatMap((piece) => parser.read(piece));
}

const JOB = { name: 'job', id: '3', data: '{"a":1}' };

test('an event has a name, an id and data', () => {
  assert.deepEqual(eventsOf('id: 3\nevent: job\ndata: {"a":1}\n\n'), [JOB]);
});

test('an event may be cut anywhere, with line ends of any kind', () => {
  for (const end of ['\n', '\r', '\r\n']) {
    const text = ['retry: 5', '', ': hello', 'id: 3', 'event: job', 'data: {"a":1}', '', 'data: x', '', ''].join(end);
    const expected = [JOB, { name: 'message', id: '3', data: 'x' }];
    assert.deepEqual(eventsOf(...text), expected, JSON.stringify(end));
    for (let cut = 0; cut <= text.length; cut += 1) {
      assert.deepEqual(eventsOf(text.slice(0, cut), '', text.slice(cut)), expected, `${JSON.stringify(end)} at ${cut}`);
    }
  }
});

test('several data fields are lines, and one space after the colon is none of theirs', () => {
  assert.deepEqual(
    eventsOf('data: {\ndata:  "a":\ndata\ndata:1}\n\n').map(({ data }) => data),
    ['{\n "a":\n\n1}'],
  );
});

test('comments, unknown fields, ids with a zero byte and events without data are passed over', () => {
  assert.deepEqual(eventsOf(': keep-alive\n\nid: 1\nevent: job\n\nid: a\0b\nnoise: 1\ndata: x\n\n'), [
    { name: 'message', id: '1', data: 'x' },
  ]);
});

test('what is open at the end is no event', () => {
  assert.deepEqual(eventsOf('data: x\n'), []);
});

test('retryMs is what the server said last, and only a number', () => {
  const parser = createEventParser(1_000);
  assert.equal(parser.retryMs, null);
  parser.read('retry: 2000\n\nretry: soon\nretry: -1\n\n');
  assert.equal(parser.retryMs, 2_000);
});

test('an event without an end is refused at the bound, in one line or in many', () => {
  assert.throws(() => eventsOf('data: ', 'x'.repeat(600), 'x'.repeat(600)), RangeError);
  assert.throws(() => eventsOf(...Array.from({ length: 200 }, () => 'data: x\n')), RangeError);
  assert.equal(eventsOf(...Array.from({ length: 200 }, () => 'data: x\n\n')).length, 200);
});
