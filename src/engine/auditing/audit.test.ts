import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openStore } from '../../../test/engine/store-pool.ts';
import type { Deed } from '../../core/deed.ts';
import { DEFAULT_LIMITS } from '../../core/limits.ts';
import { createFakeClock } from '../fake-clock.ts';
import { createAudit } from './audit.ts';

const BY = { keyId: 'k1', keyName: 'ops' };
const deed = (target: string, more: Partial<Deed> = {}): Deed => {
  return { tenant: 'acme', by: BY, deed: 'key.create', target, count: null, request: null, ...more };
};

async function open(limits: Partial<typeof DEFAULT_LIMITS> = {}) {
  const { store, ...own } = await openStore();
  const clock = createFakeClock();
  const audit = createAudit({ store, clock, limits: { ...DEFAULT_LIMITS, ...limits } });
  const targets = async (request: Partial<Parameters<typeof audit.read>[0]> = {}) =>
    (await audit.read({ tenant: 'acme', limit: 1_000, ...request })).lines.map(({ target }) => target);
  return { audit, clock, store, targets, [Symbol.asyncDispose]: () => own[Symbol.asyncDispose]() };
}

describe('the audit', () => {
  test('read gives what was noted, newest first, of this tenant alone', async () => {
    await using on = await open();
    const at = on.clock.now();
    await on.audit.note(deed('a', { request: { name: 'ci' } }));
    on.clock.advance(1);
    await on.audit.note(deed('b', { deed: 'type.pause' }));
    await on.audit.note(deed('c', { tenant: 'globex' }));
    const { lines, hasMore } = await on.audit.read({ tenant: 'acme', limit: 10 });
    assert.equal(hasMore, false);
    assert.deepEqual(
      lines.map(({ target, at: time }) => [target, time - at]),
      [
        ['b', 1],
        ['a', 0],
      ],
    );
    const { id: _, ...first } = lines[1] ?? assert.fail();
    assert.deepEqual(first, { ...deed('a'), at, request: { name: 'ci' } });
    assert.deepEqual(await on.targets({ deeds: ['type.pause'] }), ['b']);
    assert.deepEqual(await on.targets({ from: at + 1 }), ['b']);
    assert.deepEqual(await on.targets({ before: at + 1 }), ['a']);
  });

  test('read goes on behind a line, also among those of one millisecond', async () => {
    await using on = await open();
    for (let number = 0; number < 7; number += 1) await on.audit.note(deed(`${number}`));
    const seen = [];
    let page = await on.audit.read({ tenant: 'acme', limit: 3 });
    for (seen.push(...page.lines); page.hasMore; seen.push(...page.lines)) {
      page = await on.audit.read({ tenant: 'acme', limit: 3, after: page.lines.at(-1) });
    }
    assert.deepEqual(seen.map(({ target }) => target).sort(), ['0', '1', '2', '3', '4', '5', '6']);
  });

  test('note replaces the line of the same id and keeps its time', async () => {
    await using on = await open();
    const at = on.clock.now();
    await on.audit.note(deed('job', { deed: 'bulk.cancel' }), 'job');
    on.clock.advance(5_000);
    await on.audit.note(deed('job', { deed: 'bulk.cancel', count: 12 }), 'job');
    const { lines } = await on.audit.read({ tenant: 'acme', limit: 10 });
    assert.deepEqual(
      lines.map((line) => [line.id, line.at, line.count]),
      [['job', at, 12]],
    );
  });

  test('add keeps one line per key, deed and hour, whoever adds at once', async () => {
    await using on = await open();
    const other = createAudit({ store: on.store, clock: on.clock, limits: DEFAULT_LIMITS });
    const removal = (target: string, by = BY) => ({ ...deed(target, { deed: 'job.remove', by }), count: 1 });
    const adds = Array.from({ length: 40 }, (_, index) =>
      (index % 2 === 0 ? on.audit : other).add(removal(`${index}`)),
    );
    await Promise.all(adds);
    await on.audit.add(removal('x', { keyId: 'k2', keyName: 'ci' }));
    on.clock.advance(3_600_000);
    await on.audit.add(removal('y'));
    const { lines } = await on.audit.read({ tenant: 'acme', limit: 10 });
    assert.deepEqual(lines.map(({ by, count }) => `${by.keyId} ${count}`).sort(), ['k1 1', 'k1 40', 'k2 1']);
    const { targets } = (lines.find(({ count }) => count === 40) ?? assert.fail()).request as {
      targets: readonly string[];
    };
    assert.deepEqual(
      targets.map(Number).sort((a, b) => a - b),
      Array.from({ length: 40 }, (_, index) => index),
    );
  });

  test('lines past their time are not shown, and go with the next notes', async () => {
    await using on = await open({ auditRetainMs: 1_000 });
    await on.audit.note(deed('old'));
    on.clock.advance(1_001);
    assert.deepEqual(await on.targets(), []);
    const later = createAudit({
      store: on.store,
      clock: on.clock,
      limits: { ...DEFAULT_LIMITS, auditRetainMs: 1_000 },
    });
    await later.note(deed('new'));
    assert.equal((await on.store.documentUsage('_audit:acme')).count, 1);
  });

  test('of too many lines the oldest go, a hundred notes later at most', async () => {
    await using on = await open({ auditLinesPerTenantMax: 100 });
    for (let number = 0; number < 201; number += 1) {
      on.clock.advance(1);
      await on.audit.note(deed(`${number}`));
    }
    const targets = await on.targets();
    assert.deepEqual([targets.length, targets[0], targets.at(-1)], [100, '200', '101']);
  });

  test('a request that is long is left out, and its size said', async () => {
    await using on = await open();
    await on.audit.note(deed('a', { request: 'x'.repeat(10_000) }));
    const { lines } = await on.audit.read({ tenant: 'acme', limit: 1 });
    assert.deepEqual(lines[0]?.request, { leftOutBytes: 10_002 });
  });
});
