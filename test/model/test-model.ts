/**
 * The model test of a store: lists of random commands, each played against a fresh store and the oracle.
 *
 * Every run prints its seed. BIDE_SEED plays one again, BIDE_RUNS sets how many lists are played; what fails is shrunk to the
 * shortest list that fails.
 */
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { OpenStore } from '../../src/store/contract-suite/index.ts';
import { type ModelCommand, modelCommand, sequenceCommand } from './commands.ts';
import { runModel } from './run-model.ts';
import { TOPICS } from './topic-commands.ts';

const RUNS = Number(process.env.BIDE_RUNS ?? (process.env.BIDE_FAULTS === 'full' ? 300 : 25));
const COMMANDS_MAX = 80;
/** On a slow machine fewer lists are played, and shrinking ends with what it has found by then. */
const TIME_MS_MAX = 120_000;

/** @param driver shown with the test; @param open as for the store suite: an empty, migrated store */
export function testModel(driver: string, open: OpenStore): void {
  const all = { open, runs: Math.ceil(RUNS / 2), lengthMax: COMMANDS_MAX };
  testCommands(`${driver} answers as the oracle does to random commands`, { ...all, command: modelCommand });
  const few = { open, runs: Math.ceil(RUNS / 4), lengthMax: COMMANDS_MAX / 2 };
  const sequence = 'never runs two jobs of a sequence at once, whatever is retried';
  for (const [name, command] of Object.entries({ [sequence]: sequenceCommand, ...TOPICS }))
    testCommands(`${driver} ${name}`, { ...few, command });
}

interface Lists {
  readonly open: OpenStore;
  readonly command: fc.Arbitrary<ModelCommand>;
  readonly runs: number;
  readonly lengthMax: number;
}

function testCommands(title: string, { open, command, runs, lengthMax }: Lists): void {
  test(title, async (t) => {
    const seed = Number(process.env.BIDE_SEED ?? Math.floor(Math.random() * 2 ** 31));
    let played = 0;
    const commands = fc.array(command, { maxLength: lengthMax, size: 'max' });
    const property = fc.asyncProperty(commands, async (list) => {
      const opened = await open();
      try {
        await runModel(opened.store, list);
      } finally {
        played += 1;
        await opened.cleanup();
      }
    });
    try {
      await fc.assert(property, { seed, numRuns: runs, interruptAfterTimeLimit: TIME_MS_MAX });
    } finally {
      tell(t, `${played} lists played, BIDE_SEED=${seed} BIDE_RUNS=${RUNS}`);
    }
  });
}

function tell(t: TestContext, message: string): void {
  t.diagnostic(message);
}
