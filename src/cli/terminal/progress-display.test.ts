import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobBody } from '../../client/index.ts';
import { fakeTerminal } from './fake-terminal.ts';
import { progressDisplay } from './progress-display.ts';

const ID = '0190a0a0-0000-7000-8000-000000000001';

function job(changes: Partial<JobBody> = {}): JobBody {
  const progress = { percent: 0, message: null };
  const facts = { id: ID, type: 'report', state: 'running', progress, attempt: 1, error: null };
  const times = { startedAt: null, finishedAt: null, cancelRequestedAt: null };
  return { ...facts, ...times, ...changes } as JobBody;
}

const at = (percent: number, message: string | null = null) => job({ progress: { percent, message } });

test('without a terminal there is a line per state and per ten percent, and none for the end', () => {
  const terminal = fakeTerminal();
  const display = progressDisplay(terminal, 1);
  for (const percent of [0, 1, 9.9, 10, 15, 33]) display.show(at(percent));
  display.show(job({ state: 'succeeded', finishedAt: '2030-01-01T00:00:00.000Z' }));
  display.end();
  assert.deepEqual(terminal.notes, [`${ID} running 0 %`, `${ID} running 10 %`, `${ID} running 33 %`]);
  assert.deepEqual(terminal.drawn, []);
});

test('on a terminal each job is a bar, redrawn in place and taken away at the end', () => {
  const terminal = fakeTerminal({ isLive: true });
  const display = progressDisplay(terminal, 1);
  display.show(at(50, 'page 3'));
  display.show(at(100));
  display.end();
  const bar = (full: number) => `${'█'.repeat(full)}${'░'.repeat(24 - full)}`;
  assert.deepEqual(terminal.drawn, [
    `report 00000001 ${bar(12)}   50 % running page 3\n`,
    `\x1b[1A\x1b[Jreport 00000001 ${bar(24)}  100 % running\n`,
    '\x1b[1A\x1b[J',
  ]);
});

test('a bar is shorter than the terminal is wide, and a message cannot move the cursor', () => {
  const terminal = fakeTerminal({ isLive: true, columns: 70 });
  progressDisplay(terminal, 1).show(at(1, `a\x1b[2Jb\nc${'d'.repeat(100)}`));
  const line = terminal.drawn[0] ?? '';
  assert.equal(Array.from(line.trimEnd()).length, 69);
  assert.match(line, / a \[2Jb cd+…\n$/);
});

test('many jobs are one line with counts', () => {
  const terminal = fakeTerminal({ isLive: true });
  const display = progressDisplay(terminal, 11);
  for (let number = 0; number < 11; number += 1) display.show(job({ id: `j${number}` }));
  display.show(job({ id: 'j0', state: 'failed', finishedAt: '2030-01-01T00:00:00.000Z' }));
  assert.equal(terminal.drawn.at(-1), '\x1b[1A\x1b[J1 of 11 done: 1 failed, 10 running\n');
});
