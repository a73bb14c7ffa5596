/** What a job returned, on stdout as it is. */
import type { OpenResult } from '../../client/index.ts';
import type { Terminal } from './terminal.ts';

export async function printResult({ body }: OpenResult, terminal: Terminal): Promise<void> {
  let last: number | undefined;
  for await (const chunk of body) {
    terminal.bytes(chunk);
    last = chunk.at(-1) ?? last;
  }
  // For eyes only: the prompt starts on a line of its own, and a pipe gets the bytes alone.
  if (terminal.isOutputLive && last !== undefined && last !== 10) terminal.line('');
}
