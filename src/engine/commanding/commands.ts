/**
 * Carries out commands: each is decided on what is known of its job, and written in a batch with others (`carry.ts`).
 *
 * The write is guarded by the states of the table, the fence, and the revision that was decided on. `succeed` alone goes
 * without the revision: what it writes follows from nothing but state and fence, so a progress report that lands in between
 * must not cost it a second round.
 */
import type { Command } from '../../core/decide.ts';
import type { Job } from '../../core/job.ts';
import type { ApplyOutcome, GuardedPatch, ResultContent } from '../../store/contract.ts';
import { createBatcher, WRITES_IN_FLIGHT } from '../batcher.ts';
import type { EngineBase } from '../engine-base.ts';
import { createLines, type Lines } from '../lines.ts';
import type { Reader } from '../reading/reader.ts';
import { type Asker, type Carried, Carry, type CarryContext, type Order } from './carry.ts';

export type { Asker, Carried } from './carry.ts';

export interface Commands {
  /**
   * @param seen the job as the caller last saw it, which saves a read
   * @param result stored with `succeed`
   */
  carryOut(id: string, command: Command, seen?: Job, result?: ResultContent | null): Promise<Carried>;
  /** The same without a promise, for the ends of attempts, of which there are as many as jobs. */
  carry(order: Order, asker: Asker): void;
  /** By job: whoever else writes one lines up, too. */
  readonly lines: Lines;
}

export interface CommandsOptions extends EngineBase {
  readonly reader: Reader;
  /** Jobs of whatever type are about to be free: a claim that is called right after travels behind what frees them. */
  readonly onFreeing?: () => void;
}

export function createCommands(options: CommandsOptions): Commands {
  const applies = createBatcher<GuardedPatch, ApplyOutcome>({
    ...options,
    name: 'apply',
    inFlightMax: WRITES_IN_FLIGHT,
    send(batch) {
      if (batch.some(({ frees }) => frees === true)) options.onFreeing?.();
      return options.store.apply(batch);
    },
    bytesOf: (item) => item.result?.bytes.byteLength ?? 0,
  });
  const lines = createLines();
  const context: CarryContext = { ...options, applies, lines };
  return {
    lines,
    carryOut: (id, command, seen, result) =>
      new Promise((carried, failed) => {
        new Carry(context, { id, command, seen, result }, { carried, failed }).begin();
      }),
    carry: (order, asker) => new Carry(context, order, asker).begin(),
  };
}
