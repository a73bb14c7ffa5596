import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMANDS as commands } from './commands.ts';
import { commandHelp, overviewHelp } from './help-text.ts';

const COLUMNS = 80;

test('the help keeps to the width of the terminal, but for examples, which are copied', () => {
  const all = [overviewHelp(commands, COLUMNS), ...commands.map((command) => commandHelp(command, COLUMNS))];
  for (const lines of all) {
    const examples = new Set(commands.flatMap((command) => command.examples.map((example) => `  ${example}`)));
    for (const line of lines) assert.ok(line.length <= COLUMNS || examples.has(line), line);
  }
});

test('the help of an option stands beside it, or below one that is too long', () => {
  const serve = commands.find(({ name }) => name === 'serve') ?? assert.fail();
  const help = commandHelp(serve, COLUMNS).join('\n');
  assert.match(help, /^ {6}--port PORT +port to listen on; 0 takes a free one \(7070\)$/m);
  assert.match(
    help,
    /^ {6}--log-level trace\|debug\|info\|warn\|error\|fatal\|silent\n {30,}least severity that is logged/m,
  );
});
