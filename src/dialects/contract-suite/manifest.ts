/** What a manifest says must be whole: words, errors, options. No server is needed. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ERROR_KINDS } from '../../core/errors.ts';
import { SHOWN_STATES } from '../../core/state.ts';
import type { Dialect } from '../../http/dialect.ts';
import type { DialectAdapter } from './adapter.ts';

export function testManifest<O>(dialect: Dialect<O>, adapter: DialectAdapter<O>): void {
  const { words, states, parked = states.running, unsupported } = dialect.vocabulary;

  it('vocabulary has a word of the vendor for every state', () => {
    for (const shown of SHOWN_STATES) assert.ok(words.includes(states[shown]), `${shown} is ${states[shown]}`);
  });

  it('vocabulary says every word of the vendor, or why it does not', () => {
    const said = new Set([...Object.values(states), parked]);
    for (const word of words) {
      const reason = unsupported[word];
      assert.notEqual(said.has(word), reason !== undefined, `${word} must be either said or listed as unsupported`);
      if (reason !== undefined) assert.ok(reason.length >= 10, `${word} needs a reason`);
    }
    for (const word of Object.keys(unsupported)) assert.ok(words.includes(word), `${word} is no word of the vendor`);
  });

  it('errorBody has a status and a JSON body for every kind of error', () => {
    for (const kind of ERROR_KINDS) {
      const { status, body, headers = {} } = dialect.errorBody(kind, 'Something is wrong.');
      assert.ok(Number.isInteger(status) && status >= 400 && status <= 599, `${kind} has status ${status}`);
      const text = JSON.stringify(body);
      assert.deepEqual(JSON.parse(text), body, `${kind} loses something as JSON`);
      const sent = { 'content-type': 'application/json; charset=utf-8', ...headers };
      const answer = { status, headers: sent, bytes: Buffer.from(text), text };
      assert.equal(adapter.complaint(answer, { method: 'GET', path: '/' }), null, kind);
    }
  });

  it('manifest names what is served and what is not, each with a purpose or a reason', () => {
    for (const { method, path, purpose } of dialect.serves) {
      assert.match(method, /^[A-Z]+(?:, [A-Z]+)*$/);
      assert.match(path, /^\//);
      assert.ok(purpose.length > 3, `${method} ${path} has no purpose`);
    }
    for (const { what, why } of dialect.omits) assert.ok(what.length > 1 && why.length > 10, `${what} has no reason`);
  });

  it('setup calls the dialect at its base URL with a key', () => {
    for (const place of ['"{url}', '$BIDE_KEY', '$JOB']) assert.ok(dialect.setup.includes(place), place);
  });

  it('parseOptions takes nothing at all, and refuses an unknown option with a message', () => {
    assert.equal(dialect.parseOptions(undefined).kind, 'options');
    const refused = dialect.parseOptions({ noSuchOption: true });
    assert.equal(refused.kind, 'invalid');
    assert.match(refused.kind === 'invalid' ? refused.message : '', /noSuchOption/);
    for (const raw of [null, 5, 'text', [], { noSuchOption: { nested: [] } }]) dialect.parseOptions(raw);
  });

  it('parseOptions takes the options of the playground', () => {
    const parsed = dialect.parseOptions(JSON.parse(JSON.stringify(dialect.playground ?? null)));
    assert.deepEqual(parsed, { kind: 'options', options: dialect.playground });
  });
}
