import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OptionTable, parseLine } from './option.ts';

const TABLE = {
  json: { kind: 'flag', help: '' },
  input: { kind: 'text', short: 'i', value: 'JSON', help: '' },
  tag: { kind: 'list', help: '' },
  priority: { kind: 'whole', min: -10, max: 10, help: '' },
  timeout: { kind: 'duration', help: '' },
  level: { kind: 'choice', choices: ['info', 'error'], help: '' },
} as const satisfies OptionTable;

const complaint = (...args: string[]) => {
  try {
    parseLine(args, TABLE);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return assert.fail('it was taken');
};

test('parseLine converts every kind of value and keeps the order of the rest', () => {
  const line = 'a --json -i - --tag x=1 b --tag=y=2 --priority -5 --timeout 1.5m --level error'.split(' ');
  assert.deepEqual(parseLine(line, TABLE), {
    values: { json: true, input: '-', tag: ['x=1', 'y=2'], priority: -5, timeout: 90_000, level: 'error' },
    positionals: ['a', 'b'],
  });
});

test('parseLine without options gives the empty value of each', () => {
  const empty = { json: false, input: undefined, tag: [], priority: undefined, timeout: undefined, level: undefined };
  assert.deepEqual(parseLine([], TABLE).values, empty);
});

test('parseLine takes everything after -- as arguments, and a value with dashes after =', () => {
  assert.deepEqual(parseLine(['--input=--x', '--', '--json'], TABLE).positionals, ['--json']);
  assert.equal(parseLine(['--input=--x'], TABLE).values.input, '--x');
});

test('parseLine names the nearest option for an unknown one, and none where none is near', () => {
  assert.equal(complaint('--inptu', '1'), 'Unknown option --inptu. Did you mean --input?');
  assert.equal(complaint('-q'), 'Unknown option -q. --help shows those that there are.');
  assert.equal(complaint('--constructor'), 'Unknown option --constructor. --help shows those that there are.');
});

test('parseLine refuses a forgotten value and a value where none belongs', () => {
  assert.equal(complaint('--input'), 'Option --input needs a value: --input JSON.');
  assert.equal(complaint('--input', '--json'), 'Option --input needs a value: --input JSON.');
  assert.equal(complaint('--json=yes'), 'Option --json takes no value, it got "yes".');
});

test('parseLine says what a value has to be', () => {
  assert.equal(complaint('--priority', '11'), 'Option --priority takes a whole number from -10 to 10, not 11.');
  assert.equal(complaint('--priority', '1e1'), 'Option --priority takes a whole number from -10 to 10, not 1e1.');
  assert.equal(complaint('--timeout', 'soon'), 'Option --timeout takes a duration such as 10s, 5m or 250ms, not soon.');
  assert.equal(complaint('--level', 'eror'), 'Option --level takes one of info, error, not eror. Did you mean error?');
});
