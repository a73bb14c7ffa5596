/**
 * A command in the test's own process: the same code behind the same words, without the third of a second that a process takes to
 * start. For steps on the way to what a test is about; what a test is about runs as a process (`bide-command.ts`).
 */

import { runCli } from '../../src/cli/run-cli.ts';
import { fakeTerminal } from '../../src/cli/terminal/fake-terminal.ts';

export interface Called {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function callBide(line: readonly string[], input = ''): Promise<Called> {
  const terminal = fakeTerminal({ input });
  const code = await runCli(line, { terminal, env: {}, onSignal: () => () => {} });
  const text = (lines: readonly string[]) => lines.map((one) => `${one}\n`).join('');
  return { code, stdout: text(terminal.lines), stderr: text(terminal.notes) };
}
