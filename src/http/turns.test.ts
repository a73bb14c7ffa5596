import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createTurns } from './turns.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('createTurns', () => {
  test('serves at once below the load that a turn can take', () => {
    const turns = createTurns(() => 0);
    let served = 0;
    for (let request = 0; request < 1_000; request += 1) turns.take('a', () => (served += 1));
    assert.equal(served, 1_000);
  });

  test('lets another caller pass those who stand in line, and serves each line in order, one request of each per turn', async () => {
    let now = 0;
    const turns = createTurns(() => now);
    const served: string[] = [];
    const ask = (caller: string, name: string, ms = 1) =>
      turns.take(caller, () => {
        served.push(name);
        now += ms;
      });
    for (let request = 1; request <= 6; request += 1) ask('bad', `bad ${request}`);
    assert.deepEqual(served, ['bad 1', 'bad 2', 'bad 3']);
    ask('good', 'good 1');
    assert.equal(served.at(-1), 'good 1');
    ask('good', 'good 2');
    await turn();
    assert.deepEqual(served.slice(4), ['bad 4', 'good 2']);
    await turn();
    await turn();
    assert.deepEqual(served.slice(6), ['bad 5', 'bad 6']);
    ask('bad', 'bad 7');
    assert.equal(served.length, 9);
  });

  test('serves whoever comes first in each turn, however long the line', async () => {
    let now = 0;
    const turns = createTurns(() => now);
    const served: string[] = [];
    for (let request = 0; request < 100; request += 1) {
      turns.take('bad', () => {
        now += 5;
        served.push('bad');
      });
    }
    for (let round = 1; round <= 20; round += 1) {
      await turn();
      turns.take('good', () => served.push('good'));
      assert.equal(served.at(-1), 'good');
    }
    assert.equal(served.filter((caller) => caller === 'bad').length, 21);
  });

  test('serves more of a line in a turn after turns that were short, and one again after a long one', async () => {
    let now = 0;
    const turns = createTurns(() => now);
    let served = 0;
    const ask = (ms: number) =>
      turns.take('busy', () => {
        served += 1;
        now += ms;
      });
    const shortTurns = async (count: number) => {
      for (let round = 0; round < count; round += 1) {
        ask(0);
        await turn();
      }
    };
    await shortTurns(3);
    ask(3);
    for (let request = 0; request < 10; request += 1) ask(0);
    const before = served;
    await turn();
    assert.equal(served - before, 1, 'the turn before was long');
    await turn();
    assert.equal(served - before, 3);
    await turn();
    assert.equal(served - before, 7);
  });
});
