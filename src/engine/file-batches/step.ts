/** The next step of a batch, by what is written down of it. Any process may take it, and each step may be taken twice. */
import { BideError } from '../../core/errors.ts';
import { type FileBatch, over } from '../../core/file-batches/file-batch.ts';
import type { LineWords } from '../api.ts';
import type { BatchWorkOptions } from './batch-options.ts';
import { groupKeyOf } from './batch-shelf.ts';
import type { HeldBatch } from './held-batch.ts';
import { closeGroup, submitLines } from './submit-lines.ts';
import { validate } from './validate.ts';
import { writeOutput } from './write-output.ts';

/** Who cancels what is left of a batch whose time is over. */
const NOBODY = { keyId: '', keyName: 'file batch' };

/** Whether there is more of this to do at once: not while the batch waits for room, for its group, or for nothing any more. */
export async function takeStep(options: BatchWorkOptions, held: HeldBatch, words: LineWords): Promise<boolean> {
  const { batch } = held;
  if (isLate(batch, options.clock.now())) {
    await held.write({ ...batch, ending: 'expired' });
    return true;
  }
  if (batch.phase === 'finalizing') await writeOutput(options, held, words);
  else if (batch.ending !== null) await cut(options, held, batch.ending);
  else if (batch.phase === 'validating') await validate(options, held, words);
  else await submitLines(options, held, words);
  const { phase, ending } = held.batch;
  return phase !== batch.phase ? phase === 'submitting' : ending !== batch.ending;
}

function isLate({ ending, phase, expiresAt }: FileBatch, now: number): boolean {
  return ending === null && now >= expiresAt && phase !== 'finalizing';
}

/** Nothing more of it is submitted. */
async function cut(
  options: BatchWorkOptions,
  held: HeldBatch,
  ending: Exclude<FileBatch['ending'], null>,
): Promise<void> {
  const { batch } = held;
  if (batch.phase === 'validating') {
    return held.write(over(batch, ending, options.clock.now()), options.limits.fileRetainMs);
  }
  try {
    await closeGroup(options, held);
  } catch (error) {
    // One that was removed needs no close: there is nothing more of it.
    if (!isGroupGone(error)) throw error;
    await held.write({ ...batch, phase: 'running' });
  }
}

/** Until all lines of a closed group have ended. */
export async function awaitGroup(options: BatchWorkOptions, held: HeldBatch): Promise<void> {
  const { clock, watch } = options;
  for (;;) {
    const { ref } = held;
    if (isLate(held.batch, clock.now())) await held.write({ ...held.batch, ending: 'expired' });
    if (held.batch.ending !== null) await cancelMembers(options, held);
    const { batch } = held;
    const leftMs = batch.ending === null ? Math.max(0, batch.expiresAt - clock.now()) : Number.POSITIVE_INFINITY;
    const group = await watch.wait({
      tenant: ref.tenant,
      id: batch.group ?? '',
      isEnough: ({ finishedAt }) => finishedAt !== null,
      timeoutMs: Math.min(held.beatMs, leftMs),
      signal: held.signal,
    });
    held.goOn();
    if (group !== null && group.finishedAt === null) {
      await held.write(batch);
      continue;
    }
    const times = { ...batch.times, finalizingAt: clock.now() };
    return held.write({ ...batch, phase: 'finalizing', times }, 0);
  }
}

/** By a bulk call: one for the batch, however often it is asked for. Where the tenant has no room for one now, there is a next time. */
async function cancelMembers({ tools }: BatchWorkOptions, { ref, batch }: HeldBatch): Promise<void> {
  const filter = { group: batch.group ?? '' };
  const by = batch.by ?? NOBODY;
  await tools().bulk.submit({ tenant: ref.tenant, action: 'cancel', filter, by, idempotencyKey: groupKeyOf(ref) });
}

function isGroupGone(error: unknown): boolean {
  return error instanceof BideError && error.code === 'GROUP_NOT_FOUND';
}
