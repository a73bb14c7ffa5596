import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { stderrLines } from './stderr-lines.ts';

function collecting(isLog: (line: string) => boolean = () => true) {
  const lines: string[] = [];
  const stderr = stderrLines((line) => {
    lines.push(line);
    return isLog(line);
  });
  return { lines, stderr };
}

describe('stderrLines', () => {
  it('hands out the same lines however the bytes are cut', () => {
    const text = 'ä first\nsecond\r\n\nfourth €\nlast';
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 8 }), (cuts) => {
        const { lines, stderr } = collecting();
        const ends = [...cuts, bytes.length].sort((a, b) => a - b);
        for (const [index, end] of ends.entries()) stderr.push(bytes.subarray(ends[index - 1] ?? 0, end));
        stderr.end();
        assert.deepEqual(lines, ['ä first', 'second', '', 'fourth €', 'last']);
      }),
    );
  });

  it('takes a carriage return alone as a line end, as progress bars write it', () => {
    const { lines, stderr } = collecting();
    stderr.push(Buffer.from('10%\r20%\r30%\n'));
    stderr.end();
    assert.deepEqual(lines, ['10%', '20%', '30%']);
  });

  it('cuts a line that never ends', () => {
    const { lines, stderr } = collecting();
    for (let index = 0; index < 10; index += 1) stderr.push(Buffer.alloc(5_000, 'x'));
    stderr.end();
    assert.equal(lines.join('').length, 50_000);
    assert.ok(Math.max(...lines.map((line) => line.length)) <= 15_000);
  });

  it('keeps the end of the log and leaves out what is not log', () => {
    const { stderr } = collecting((line) => !line.startsWith('progress'));
    for (let index = 0; index < 2_000; index += 1) stderr.push(Buffer.from(`line ${index}\nprogress 1\n`));
    stderr.end();
    assert.ok(stderr.tail().endsWith('line 1998\nline 1999'));
    assert.ok(stderr.tail().length <= 4_096);
    assert.ok(!stderr.tail().includes('progress'));
  });
});
