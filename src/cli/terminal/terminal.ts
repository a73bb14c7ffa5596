/**
 * Where a command reads and writes: results to stdout, everything said along the way to stderr, so that a pipe gets data alone.
 *
 * A reader that went away (`bide list | head -1`) is no error: what is written to it from then on is dropped, and the command
 * ends as it would have.
 */
import type { Readable, Writable } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';

export interface Terminal {
  /** One line of output. */
  line(text: string): void;
  bytes(chunk: Uint8Array): void;
  /** One line about what is going on. */
  note(text: string): void;
  /** Part of a display that redraws itself; only where `isLive`. */
  draw(text: string): void;
  /** Everything that comes in on stdin. */
  readInput(): Promise<string>;
  /** stdin and stdout themselves, for data that is too large to hold and has to arrive whole: errors of theirs are the user's own. */
  readonly input: Readable;
  readonly output: Writable;
  /** Whether stderr is a terminal that can redraw lines. */
  readonly isLive: boolean;
  /** Whether stdout is read by a person. */
  readonly isOutputLive: boolean;
  /** Whether stdin is somebody typing: worth a hint, since the command seems to hang otherwise. */
  readonly isInputTyped: boolean;
  /** Characters per line of the display. */
  readonly columns: number;
}

export function processTerminal(): Terminal {
  const out = outputOf(process.stdout);
  const err = outputOf(process.stderr);
  return {
    line: (text) => out(`${text}\n`),
    bytes: (chunk) => out(chunk),
    note: (text) => err(`${text}\n`),
    draw: (text) => err(text),
    readInput: () => readAll(process.stdin),
    // Asked for when it is needed: to look at stdin is to open it.
    get input() {
      return process.stdin;
    },
    output: process.stdout,
    isLive: process.stderr.isTTY === true && process.env.TERM !== 'dumb',
    isOutputLive: process.stdout.isTTY === true,
    isInputTyped: process.stdin.isTTY === true,
    get columns() {
      // Some terminals say 0 where they do not know.
      return process.stderr.columns || 80;
    },
  };
}

function outputOf(stream: WriteStream): (data: string | Uint8Array) => void {
  let isGone = false;
  stream.on('error', () => {
    isGone = true;
  });
  return (data) => {
    if (!isGone) stream.write(data);
  };
}

async function readAll(stream: ReadStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
