import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { retryText } from '../event-fields.ts';
import { eventText } from './event-text.ts';

describe('eventText', () => {
  test('is the revision, the name and the body, closed by an empty line', () => {
    assert.equal(eventText(7, '{"a":1}'), 'id: 7\nevent: job\ndata: {"a":1}\n\n');
  });

  test('carries a body with line breaks of any kind on a field per line', () => {
    const text = eventText(1, '{\n"a":\r\n[1,\r2]\n\n}');
    assert.equal(text, 'id: 1\nevent: job\ndata: {\ndata: "a":\ndata: [1,\ndata: 2]\ndata: \ndata: }\n\n');
  });
});

describe('retryText', () => {
  test('is a field of its own', () => {
    assert.equal(retryText(2_000), 'retry: 2000\n\n');
  });
});
