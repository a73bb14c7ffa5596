/** A terminal that keeps what is written to it, for tests. */
import { Readable, Writable } from 'node:stream';
import type { Terminal } from './terminal.ts';

export interface FakeTerminal extends Terminal {
  /** Lines of stdout. */
  readonly lines: string[];
  /** Lines of stderr. */
  readonly notes: string[];
  readonly drawn: string[];
}

export function fakeTerminal(facts: Partial<Pick<Terminal, 'isLive' | 'columns'>> & { readonly input?: string } = {}) {
  const lines: string[] = [];
  const notes: string[] = [];
  const drawn: string[] = [];
  const terminal: FakeTerminal = {
    lines,
    notes,
    drawn,
    line: (text) => lines.push(text),
    bytes: (chunk) => lines.push(Buffer.from(chunk).toString('utf8')),
    note: (text) => notes.push(text),
    draw: (text) => drawn.push(text),
    readInput: async () => facts.input ?? '',
    input: Readable.from([Buffer.from(facts.input ?? '')]),
    output: new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(...chunk.toString('utf8').split('\n').slice(0, -1));
        done();
      },
    }),
    isLive: facts.isLive ?? false,
    isOutputLive: false,
    isInputTyped: false,
    columns: facts.columns ?? 80,
  };
  return terminal;
}
