/**
 * Lines become jobs, portion by portion: stored first, then written down. What a process that died had stored and not written down is found
 * by its idempotency key.
 */
import { BideError } from '../../core/errors.ts';
import type { LinePlace } from '../../core/file-batches/file-batch.ts';
import type { LineWords, MemberRequest } from '../api.ts';
import type { IssueSaid } from './api-file-batches.ts';
import type { BatchWorkOptions } from './batch-options.ts';
import { type HeldBatch, isOfStore } from './held-batch.ts';
import { linesOf } from './lines.ts';
import { memberOf } from './member.ts';

/** Jobs of one portion, and the bytes of their lines: other writers wait for no longer than that takes. */
const PORTION = 250;
const PORTION_LENGTH = 1_024 * 1_024;
/** A tenant without room for more jobs: looked at again after this long. */
const NO_ROOM_MS = 5_000;

interface Portion {
  readonly jobs: MemberRequest[];
  length: number;
  place: LinePlace;
}

export async function submitLines(options: BatchWorkOptions, held: HeldBatch, words: LineWords): Promise<void> {
  try {
    await submitAll(options, held, words);
  } catch (error) {
    if (isOfStore(error)) throw error;
    const { kind, code } = error as BideError;
    if (kind === 'quota') return held.write(held.batch, NO_ROOM_MS);
    const issue = issueOf(error as BideError, held, words);
    const isGroupGone = code === 'GROUP_NOT_FOUND';
    const issues = [{ ...issue, line: null }];
    await held.write({ ...held.batch, ending: 'failed', issues, ...(isGroupGone ? { phase: 'running' } : {}) }, 0);
  }
}

function issueOf(error: BideError, { batch }: HeldBatch, words: LineWords): IssueSaid {
  if (error.code === 'FILE_NOT_FOUND') return words.problem('gone', batch.file);
  if (error.code === 'GROUP_CLOSED' || error.code === 'GROUP_NOT_FOUND')
    return words.problem('closed', batch.group ?? '');
  return words.refusal(error);
}

async function submitAll(options: BatchWorkOptions, held: HeldBatch, words: LineWords): Promise<void> {
  const { ref, batch } = held;
  const file = { id: batch.file, tenant: ref.tenant };
  let portion: Portion = { jobs: [], length: 0, place: batch.place };
  for await (const line of linesOf(options.files, file, batch.place, options.limits.bodyBytesMax)) {
    const read = words.read(line.text ?? '', batch);
    if (read.kind !== 'job') throw changed(read.issue, line.number);
    portion.jobs.push(memberOf(held, read.request, line.number));
    portion.length += line.text?.length ?? 0;
    portion.place = line.next;
    if (portion.jobs.length < PORTION && portion.length < PORTION_LENGTH) continue;
    await store(options, held, portion);
    portion = { jobs: [], length: 0, place: line.next };
  }
  if (portion.jobs.length > 0) await store(options, held, portion);
  await closeGroup(options, held);
}

/** It was in order when the file was checked: the config is another one since. */
function changed({ code, message, param }: IssueSaid, line: number): BideError {
  return new BideError('INPUT_INVALID', `Line ${line}: ${message}`, { code, param });
}

async function store(options: BatchWorkOptions, held: HeldBatch, { jobs, place }: Portion): Promise<void> {
  const { ref, batch } = held;
  held.goOn();
  await options.tools().groups.add({ tenant: ref.tenant, id: batch.group ?? '', jobs, ids: [] });
  await held.write({ ...held.batch, place });
}

/** From then on it ends by itself. */
export async function closeGroup({ tools }: BatchWorkOptions, held: HeldBatch): Promise<void> {
  held.goOn();
  await tools().groups.close(held.ref.tenant, held.batch.group ?? '');
  await held.write({ ...held.batch, phase: 'running' });
}
