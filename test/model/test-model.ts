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

const RUNS = Number(process.env.BIDE_RUNS ?? (process.env.BIDE_FAULTS === 'full' ? 300 : 25));
const COMMANDS_MAX = 80;
/** On a slow machine fewer lists are played, and shrinking ends with what it has found by then. */
const TIME_MS_MAX = 120_000;

/** @param driver shown with the test; @param open as for the store suite: an empty, migrated store */
export function testModel(driver: string, open: OpenStore): void {
  testCommands(`${driver} answers as the oracle does to random commands`, open, modelCommand);
  testCommands(`${driver} never runs two jobs of a sequence at once, whatever is retried`, open, sequenceCommand);
}

function testCommands(title: string, open: OpenStore, command: fc.Arbitrary<ModelCommand>): void {
  test(title, async (t) => {
    const seed = Number(process.env.BIDE_SEED ?? Math.floor(Math.random() * 2 ** 31));
    let played = 0;
    const commands = fc.array(command, { maxLength: COMMANDS_MAX, size: 'max' });
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
      await fc.assert(property, { seed, numRuns: RUNS, interruptAfterTimeLimit: TIME_MS_MAX });
    } finally {
      tell(t, `${played} lists played, BIDE_SEED=${seed} BIDE_RUNS=${RUNS}`);
    }
  });
}

function tell(t: TestContext, message: string): void {
  t.diagnostic(message);
}
