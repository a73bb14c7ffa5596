import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createTurns } from './turns.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('createTurns', () => {
  test('serves at once below the load that a turn can take', () => {
    const turns = createTurns({ steady: () => 0, worked: () => 0 });
    let served = 0;
    for (let request = 0; request < 1_000; request += 1) turns.take('a', () => (served += 1));
    assert.equal(served, 1_000);
  });

  test('lets another caller pass those who stand in line, and serves the lines in turn, each in its order', async () => {
    let now = 0;
    const turns = createTurns({ steady: () => now, worked: () => now });
    const served: string[] = [];
    const ask = (caller: string, name: string, ms = 0.5) =>
      turns.take(caller, () => {
        served.push(name);
        now += ms;
      });
    for (let request = 1; request <= 6; request += 1) ask('bad', `bad ${request}`);
    assert.deepEqual(served, ['bad 1', 'bad 2', 'bad 3']);
    ask('good', 'good 1');
    assert.equal(served.at(-1), 'good 1');
    ask('good', 'good 2');
    while (served.length < 8) await turn();
    assert.deepEqual(served.slice(4), ['bad 4', 'good 2', 'bad 5', 'bad 6']);
    await turn();
    ask('bad', 'bad 7');
    assert.equal(served.length, 9);
  });

  test('serves whoever comes first in each turn, however long the line, and one of the line', async () => {
    let now = 0;
    const turns = createTurns({ steady: () => now, worked: () => now });
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

  test('serves a line of small requests in the very next turn, and then at once again', async () => {
    let now = 0;
    const turns = createTurns({ steady: () => now, worked: () => now });
    let served = 0;
    const ask = (ms: number) =>
      turns.take('busy', () => {
        served += 1;
        now += ms;
      });
    ask(10);
    for (let request = 0; request < 50; request += 1) ask(0.01);
    assert.equal(served, 1, 'the turn took long');
    await turn();
    await turn();
    assert.equal(served, 51);
    await turn();
    ask(0.01);
    assert.equal(served, 52);
  });

  test('does not count the time in which the thread had no work', async () => {
    let now = 0;
    let worked = 0;
    const turns = createTurns({ steady: () => now, worked: () => worked });
    let served = 0;
    const ask = () =>
      turns.take('busy', () => {
        served += 1;
        now += 10;
        worked += 0.3;
      });
    for (let request = 0; request < 10; request += 1) ask();
    assert.equal(served, 4);
    await turn();
    assert.equal(served, 5, 'one of the line, at the end of the turn');
    await turn();
    assert.equal(served, 9);
  });

  test('counts what follows from the promises of one before it serves the next', async () => {
    let now = 0;
    const turns = createTurns({ steady: () => now, worked: () => now });
    let served = 0;
    const ask = () =>
      turns.take('busy', async () => {
        served += 1;
        for (let tick = 0; tick < 10; tick += 1) await null;
        now += 3;
      });
    turns.take('busy', () => (now += 3));
    for (let request = 0; request < 5; request += 1) ask();
    for (let round = 1; round <= 5; round += 1) {
      await turn();
      assert.equal(served, round);
    }
  });
});
