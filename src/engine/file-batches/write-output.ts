/**
 * What became of the lines, as files, in the order of the input: those that succeeded in one, all others in another. They are files like any
 * other: what happens to the jobs afterwards (a retry, their retention) changes nothing of a batch that is over.
 *
 * The ids of the files are written down before the first line of them. Who goes on after a crash takes them away and begins anew.
 */
import { BideError } from '../../core/errors.ts';
import { endOf, FILE_START, over } from '../../core/file-batches/file-batch.ts';
import type { LineWords, Snapshot } from '../api.ts';
import type { FileWriter } from '../files/api-files.ts';
import { createJobIds } from '../submitting/job-ids.ts';
import type { NoJob, OutputKind } from './api-file-batches.ts';
import type { BatchWorkOptions } from './batch-options.ts';
import type { HeldBatch } from './held-batch.ts';
import { type FileLine, linesOf } from './lines.ts';
import { lineOf } from './member.ts';

const PAGE = 100;

export async function writeOutput(options: BatchWorkOptions, held: HeldBatch, words: LineWords): Promise<void> {
  const { files, clock, limits } = options;
  const { output, errors } = held.batch;
  for (const id of [output, errors]) if (id !== null) await files.remove(held.ref.tenant, id);
  const newId = createJobIds();
  await held.write({ ...held.batch, output: newId(clock.now()), errors: newId(clock.now()) });
  const outputs = new Outputs(options, held, words);
  const hasExpired = await writeLines(options, held, words, outputs);
  const end = endOf(held.batch, { expired: hasExpired ? 1 : 0 });
  const { completed, failed } = outputs;
  const counts = { total: held.batch.total, completed, failed };
  const written = await outputs.end();
  await held.write(over(held.batch, end, clock.now(), { ...written, counts }), limits.fileRetainMs);
}

/** Whether the time of a line was over. */
async function writeLines(
  options: BatchWorkOptions,
  held: HeldBatch,
  words: LineWords,
  outputs: Outputs,
): Promise<boolean> {
  const members = membersOf(options, held);
  let hasExpired = false;
  const write = async (snapshot: Snapshot) => {
    hasExpired ||= snapshot.job.state === 'expired';
    const line = await words.write(held.batch, snapshot);
    await outputs.write(line.isError ? 'error' : 'output', line.text);
  };
  let member = await members.next();
  for await (const line of inputLines(options, held)) {
    if (!member.done && lineOf(member.value.job) === line.number) {
      await write(member.value);
      member = await members.next();
    } else {
      const why: NoJob = line.number <= held.batch.place.line ? 'removed' : whyCut(held);
      await outputs.write('error', words.missing(line.text ?? '', why, `${held.ref.id}-${line.number}`));
    }
    await held.beat();
  }
  // Its file is gone: what its lines were is known no more, but for those that are jobs.
  for (; !member.done; member = await members.next()) await write(member.value);
  return hasExpired;
}

function whyCut({ batch }: HeldBatch): NoJob {
  return batch.ending ?? 'failed';
}

async function* inputLines(options: BatchWorkOptions, { ref, batch }: HeldBatch): AsyncGenerator<FileLine> {
  try {
    const file = { id: batch.file, tenant: ref.tenant };
    yield* linesOf(options.files, file, FILE_START, options.limits.bodyBytesMax);
  } catch (error) {
    if (!(error instanceof BideError && error.code === 'FILE_NOT_FOUND')) throw error;
  }
}

async function* membersOf({ tools }: BatchWorkOptions, { ref, batch }: HeldBatch): AsyncGenerator<Snapshot> {
  const request = { tenant: ref.tenant, group: batch.group ?? '', order: 'oldest', limit: PAGE } as const;
  let after: number | undefined;
  for (;;) {
    const page = await tools().list(after === undefined ? request : { ...request, after });
    yield* page.snapshots;
    if (page.next === null) return;
    after = page.next.number;
  }
}

class Outputs {
  completed = 0;
  failed = 0;
  readonly #writers: Partial<Record<OutputKind, FileWriter>> = {};
  readonly #options: BatchWorkOptions;
  readonly #held: HeldBatch;
  readonly #words: LineWords;

  constructor(options: BatchWorkOptions, held: HeldBatch, words: LineWords) {
    this.#options = options;
    this.#held = held;
    this.#words = words;
  }

  async write(kind: OutputKind, text: string): Promise<void> {
    this.#writers[kind] ??= await this.#open(kind);
    await this.#writers[kind].write(`${text}\n`);
    if (kind === 'output') this.completed += 1;
    else this.failed += 1;
  }

  async #open(kind: OutputKind): Promise<FileWriter> {
    const { ref, batch } = this.#held;
    return this.#options.files.open(ref.tenant, (kind === 'output' ? batch.output : batch.errors) ?? undefined);
  }

  async end() {
    return { output: await this.#end('output'), errors: await this.#end('error') };
  }

  /** Null where no line is of that kind. */
  async #end(kind: OutputKind): Promise<string | null> {
    const writer = this.#writers[kind];
    if (writer === undefined) return null;
    const { retainMs } = this.#held.batch;
    const name = this.#words.fileName(this.#held.ref.id, kind);
    const { id } = await writer.end({ name, purpose: this.#words.outputPurpose, retainMs });
    return id;
  }
}
