import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createGoldenNames } from './golden-names.ts';

const FIRST = '01890000-0000-7000-8000-000000000001';
const SECOND = '01890000-0000-7000-8000-000000000002';
const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.c2ln';

describe('createGoldenNames', () => {
  it('names each value once, in the order in which they appear', () => {
    const names = createGoldenNames({ base: 'http://127.0.0.1:5000/x' }, []);
    const text = `{"a":"${SECOND}","b":"${FIRST}","get":"http://127.0.0.1:5000/x/${SECOND}","t":"${TOKEN}"}`;
    assert.equal(names.templated(text), '{"a":"{{id1}}","b":"{{id2}}","get":"{{base}}/{{id1}}","t":"{{token1}}"}');
    assert.equal(names.templated(FIRST), '{{id2}}');
  });

  it('fills names in again, and refuses one that nothing has', () => {
    const names = createGoldenNames({ base: 'http://h' }, []);
    names.templated(FIRST);
    assert.equal(names.filled('{{base}}/{{id1}}'), `http://h/${FIRST}`);
    assert.throws(() => names.filled('{{id2}}'), /Nothing is named \{\{id2\}\}/);
  });

  it('names what else a vendor changes from run to run', () => {
    const names = createGoldenNames({}, [{ name: 'conversation', pattern: /\b\d{16}\b/ }]);
    const text = '{"conversationId":"5815170693595136","other":"1234567890123456","again":"5815170693595136"}';
    assert.equal(
      names.templated(text),
      '{"conversationId":"{{conversation1}}","other":"{{conversation2}}","again":"{{conversation1}}"}',
    );
  });
});
