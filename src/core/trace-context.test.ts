import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSampled, isTraceContext, traceContextOf, traceHeaders, traceIdOf } from './trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const PARENT = `00-${TRACE}-${SPAN}-01`;

test('traceContextOf keeps a traceparent that is in order', () => {
  const trace = traceContextOf(PARENT);
  assert.deepEqual(trace, { parent: PARENT });
  assert.equal(trace && traceIdOf(trace), TRACE);
  assert.equal(trace && isSampled(trace), true);
  assert.equal(isSampled({ parent: `00-${TRACE}-${SPAN}-02` }), false);
});

test('traceContextOf takes no traceparent that the Recommendation calls invalid', () => {
  const wrong = [
    ...['', 'x', TRACE, `${PARENT} `, `${PARENT}-`, `${PARENT}-more`, `${PARENT}, ${PARENT}`, `${PARENT}\n`],
    ...[`ff-${TRACE}-${SPAN}-01`, `0-${TRACE}-${SPAN}-01`, `0g-${TRACE}-${SPAN}-01`, `000-${TRACE}-${SPAN}-01`],
    ...[`00-${'0'.repeat(32)}-${SPAN}-01`, `00-${TRACE}-${'0'.repeat(16)}-01`],
    ...[`00-${TRACE.toUpperCase()}-${SPAN}-01`, `00-${TRACE}-${SPAN.toUpperCase()}-01`, `00-${TRACE}-${SPAN}-0A`],
    ...[`00-${TRACE.slice(1)}-${SPAN}-01`, `00-${TRACE}0-${SPAN}-01`, `00-${TRACE}-${SPAN}0-01`],
    ...[`00-${TRACE}-${SPAN}-1`, `00-${TRACE}-${SPAN}`, `00_${TRACE}_${SPAN}_01`, `01-${TRACE}-${SPAN}-01x`],
    ...[undefined, null, 7, [PARENT], {}, 'x'.repeat(1_000_000), `01-${TRACE}-${SPAN}-01-${'x'.repeat(10_000)}`],
  ];
  for (const parent of wrong) assert.equal(traceContextOf(parent, 'a=1'), null, String(parent).slice(0, 80));
});

test('traceContextOf reads a later version as the first one, and drops flags that nobody knows', () => {
  for (const version of ['01', 'cc', 'fe'])
    for (const more of ['', '-', '-what=ever'])
      assert.deepEqual(traceContextOf(`${version}-${TRACE}-${SPAN}-01${more}`), { parent: PARENT });
  for (const [given, kept] of ['00 00', '01 01', '03 03', '09 01', 'ff 03', 'fc 00'].map((pair) => pair.split(' ')))
    assert.deepEqual(traceContextOf(`00-${TRACE}-${SPAN}-${given}`), { parent: `00-${TRACE}-${SPAN}-${kept}` });
});

test('traceContextOf keeps a tracestate that is in order', () => {
  const same = [
    ...['a=1', 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE', '0a=1', 'tenant@system=x', 'a-_*/=! ~'],
    ...[`${'a'.repeat(200)}=${'v'.repeat(256)}`, Array.from({ length: 32 }, (_, n) => `k${n}=v`).join(',')],
  ];
  for (const state of same) {
    assert.deepEqual(traceContextOf(PARENT, state), { parent: PARENT, state }, state);
  }
  for (const [given, state] of [
    ['a=1, b=2', 'a=1,b=2'],
    [' a=1 ,\tb=2\t,', 'a=1,b=2'],
    ['a=1,,,b=2', 'a=1,b=2'],
    ['a= 1', 'a= 1'],
  ] as const)
    assert.deepEqual(traceContextOf(PARENT, given), { parent: PARENT, state }, given);
});

test('traceContextOf leaves out a tracestate that is not in order, and keeps the traceparent', () => {
  const wrong = [
    ...[
      '',
      ' ',
      ',',
      'a',
      'a=',
      '=1',
      'a=1=2',
      'A=1',
      'a b=1',
      'a=1,a=2',
      'a =1',
      'a=\u00e9',
      'a=1\nb',
      '@a=1',
      '-a=1',
    ],
    ...[`${'a'.repeat(257)}=1`, `a=${'v'.repeat(257)}`, Array.from({ length: 33 }, (_, n) => `k${n}=v`).join(',')],
    ...[undefined, null, 7, ['a=1'], `a=${'v'.repeat(1_000_000)}`],
  ];
  for (const state of wrong)
    assert.deepEqual(traceContextOf(PARENT, state), { parent: PARENT }, String(state).slice(0, 60));
});

test('traceContextOf keeps at most 512 characters of a tracestate: long members go first, then the last ones', () => {
  const long = `long=${'x'.repeat(200)}`;
  const small = Array.from({ length: 20 }, (_, n) => `k${String(n).padStart(2, '0')}=${'v'.repeat(20)}`);
  assert.equal(traceContextOf(PARENT, [long, ...small].join(','))?.state, small.join(','));
  const many = Array.from({ length: 30 }, (_, n) => `k${String(n).padStart(2, '0')}=${'v'.repeat(20)}`);
  const { state = '' } = traceContextOf(PARENT, many.join(',')) ?? {};
  assert.equal(state, many.slice(0, 20).join(','));
  assert.ok(state.length <= 512);
});

test('isTraceContext takes back what was kept, and nothing else', () => {
  assert.ok(isTraceContext({ parent: PARENT }));
  assert.ok(isTraceContext({ parent: PARENT, state: 'a=1' }));
  for (const wrong of [null, 7, {}, { parent: 'x' }, { parent: PARENT, state: 'a' }, { parent: PARENT, more: 1 }])
    assert.equal(isTraceContext(wrong), false, JSON.stringify(wrong));
  assert.equal(isTraceContext({ parent: `01-${TRACE}-${SPAN}-01` }), false);
});

test('traceHeaders are the headers of a request, none without a trace', () => {
  assert.deepEqual(traceHeaders(null), {});
  assert.deepEqual(traceHeaders({ parent: PARENT, state: 'a=1' }), { traceparent: PARENT, tracestate: 'a=1' });
});
