import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fakeTerminal } from './fake-terminal.ts';
import { countsText, transferDisplay } from './transfer-display.ts';

const NONE = { job: 0, key: 0, document: 0, limit: 0, delivery: 0, event: 0, tombstone: 0 };

describe('countsText', () => {
  test('names what there is of, one or many', () => {
    assert.equal(countsText(NONE), 'nothing');
    assert.equal(countsText({ ...NONE, job: 12_345, key: 1 }), '12,345 jobs, 1 key');
    assert.equal(countsText({ ...NONE, job: 1, document: 2, tombstone: 1 }), '1 job, 2 documents, 1 tombstone');
  });
});

describe('transferDisplay', () => {
  test('draws on a terminal, not with every batch, and leaves a clean line', () => {
    const terminal = fakeTerminal({ isLive: true });
    const display = transferDisplay(terminal, 'exported');
    display.show({ ...NONE, job: 500 });
    display.show({ ...NONE, job: 1_000 });
    display.end();
    assert.deepEqual(terminal.drawn, ['\r\x1b[Kexported 500 jobs …', '\r\x1b[K']);
  });

  test('draws nothing elsewhere', () => {
    const terminal = fakeTerminal();
    const display = transferDisplay(terminal, 'exported');
    display.show({ ...NONE, job: 500 });
    display.end();
    assert.deepEqual([terminal.drawn, terminal.notes], [[], []]);
  });
});
