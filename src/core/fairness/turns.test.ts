import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Contender, FIRST_TURN, sharesOf, startOf, type Turn, turnAfter, weightOf } from './turns.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

/** What a store does in a claim: whoever has due jobs, in the order of the round. */
function contendersOf(due: ReadonlyMap<string, number>, turn: Turn, weights: Record<string, number>): Contender[] {
  const names = [...due.keys()].filter((name) => (due.get(name) ?? 0) > 0).toSorted();
  const order = [...names.filter((name) => name >= startOf(turn)), ...names.filter((name) => name < startOf(turn))];
  return order.map((tenant) => ({ tenant, weight: weightOf(weights, tenant), due: due.get(tenant) as number }));
}

function claim(due: Map<string, number>, turn: Turn, weights: Record<string, number>, slots: number) {
  const contenders = contendersOf(due, turn, weights);
  const shares = sharesOf(contenders, turn, slots);
  const taken = new Map<string, number>();
  for (const [index, { tenant }] of contenders.entries()) {
    const share = shares[index] as number;
    if (share > 0) taken.set(tenant, share);
    due.set(tenant, (due.get(tenant) as number) - share);
  }
  return { taken, turn: turnAfter(turn, taken, weights) };
}

test('one slot at a time gives 3:1 to tenants that weigh 3:1', () => {
  const due = new Map([
    ['a', 1_000],
    ['b', 1_000],
  ]);
  const got: string[] = [];
  let turn = FIRST_TURN;
  for (let round = 0; round < 8; round += 1) {
    const claimed = claim(due, turn, { a: 3 }, 1);
    turn = claimed.turn;
    got.push(...claimed.taken.keys());
  }
  assert.equal(got.join(''), 'aaabaaab');
});

test('slots that a tenant has no jobs for go to the others by weight', () => {
  const contenders = [
    { tenant: 'a', weight: 1, due: 1 },
    { tenant: 'b', weight: 3, due: 100 },
    { tenant: 'c', weight: 1, due: 100 },
  ];
  assert.deepEqual(sharesOf(contenders, FIRST_TURN, 17), [1, 12, 4]);
});

const CLAIMS = fc.record({
  due: fc.array(fc.nat(40), { minLength: NAMES.length, maxLength: NAMES.length }),
  weights: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: NAMES.length, maxLength: NAMES.length }),
  slots: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 60 }),
});

test('no slot stays free while a job is due, and nobody gets more than they have', () => {
  fc.assert(
    fc.property(CLAIMS, ({ due, weights, slots }) => {
      const left = new Map(NAMES.map((name, index) => [name, due[index] as number]));
      const byName = Object.fromEntries(NAMES.map((name, index) => [name, weights[index] as number]));
      let turn = FIRST_TURN;
      for (const max of slots) {
        const before = [...left.values()].reduce((sum, jobs) => sum + jobs, 0);
        const claimed = claim(left, turn, byName, max);
        turn = claimed.turn;
        const got = [...claimed.taken.values()].reduce((sum, jobs) => sum + jobs, 0);
        assert.equal(got, Math.min(max, before));
        assert.ok([...left.values()].every((jobs) => jobs >= 0));
      }
    }),
  );
});

test('nobody starves: between two jobs of a tenant that has more, each other one gets no more than its weight', () => {
  fc.assert(
    fc.property(CLAIMS, ({ weights, slots }) => {
      const left = new Map(NAMES.map((name) => [name, 100_000]));
      const byName = Object.fromEntries(NAMES.map((name, index) => [name, weights[index] as number]));
      const round = weights.reduce((sum, weight) => sum + weight, 0);
      const got = new Map(NAMES.map((name) => [name, 0]));
      let turn = FIRST_TURN;
      let all = 0;
      for (const max of slots) {
        const claimed = claim(left, turn, byName, max);
        turn = claimed.turn;
        all += max;
        for (const [name, jobs] of claimed.taken) got.set(name, (got.get(name) as number) + jobs);
        for (const [index, name] of NAMES.entries()) {
          const weight = weights[index] as number;
          const exact = Math.floor(all / round) * weight;
          const jobs = got.get(name) as number;
          assert.ok(jobs >= exact && jobs <= exact + weight, `${name} has ${jobs}, not ${exact} to ${exact + weight}`);
        }
      }
    }),
  );
});
