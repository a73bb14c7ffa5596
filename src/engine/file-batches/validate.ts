/** The first look at a file: every line is read and checked as it will be submitted, and nothing is submitted unless all are in order. */
import { BideError } from '../../core/errors.ts';
import { FILE_START, type LineIssue, over } from '../../core/file-batches/file-batch.ts';
import type { LineWords } from '../api.ts';
import { refusalAt } from '../groups/refusal.ts';
import type { Submits } from '../submitting/submit.ts';
import type { IssueSaid } from './api-file-batches.ts';
import type { BatchWorkOptions } from './batch-options.ts';
import { groupKeyOf } from './batch-shelf.ts';
import type { HeldBatch } from './held-batch.ts';
import { type FileLine, linesOf } from './lines.ts';
import { memberOf } from './member.ts';

/** Issues that are told: who sees a hundred need not see more to know what is wrong. */
const ISSUES_MAX = 100;
const DAY_MS = 86_400_000;

export async function validate(options: BatchWorkOptions, held: HeldBatch, words: LineWords): Promise<void> {
  const { clock, limits } = options;
  const { batch } = held;
  const { issues, lines } = await look(options, held, words);
  if (issues.length > 0) return held.write(over(batch, 'failed', clock.now(), { issues }), limits.fileRetainMs);
  const group = await options.tools().groups.create({
    tenant: held.ref.tenant,
    jobs: [],
    followUps: {},
    isOpen: true,
    retainMs: Math.min(limits.retainMsMax, Math.max(limits.retainMs, DAY_MS)),
    idempotencyKey: groupKeyOf(held.ref),
  });
  const times = { ...batch.times, startedAt: clock.now() };
  await held.write({ ...batch, phase: 'submitting', group: group.group.id, total: lines, place: FILE_START, times });
}

interface Found {
  readonly issues: readonly LineIssue[];
  readonly lines: number;
}

async function look(options: BatchWorkOptions, held: HeldBatch, words: LineWords): Promise<Found> {
  const { limits } = options;
  const file = { id: held.batch.file, tenant: held.ref.tenant };
  const linesMax = Math.min(limits.fileBatchLinesMax, limits.groupMembersMax);
  const checks = new LineChecks(options.submits(), held, words);
  try {
    for await (const line of linesOf(options.files, file, FILE_START, limits.bodyBytesMax)) {
      await checks.look(line, limits.bodyBytesMax);
      await held.beat();
      if (checks.lines > linesMax) return only(words.problem('tooManyLines', `${linesMax} (fileBatchLinesMax)`));
      if (checks.issues.length >= ISSUES_MAX) break;
    }
  } catch (error) {
    if (error instanceof BideError && error.code === 'FILE_NOT_FOUND') return only(words.problem('gone', file.id));
    throw error;
  }
  return checks.lines === 0 ? only(words.problem('empty', file.id)) : checks;
}

function only(issue: IssueSaid): Found {
  return { issues: [{ ...issue, line: null }], lines: 0 };
}

class LineChecks {
  lines = 0;
  readonly issues: LineIssue[] = [];
  readonly #keys = new Set<string>();
  readonly #submits: Pick<Submits, 'check'>;
  readonly #held: HeldBatch;
  readonly #words: LineWords;

  constructor(submits: Pick<Submits, 'check'>, held: HeldBatch, words: LineWords) {
    this.#submits = submits;
    this.#held = held;
    this.#words = words;
  }

  async look({ text, number }: FileLine, lengthMax: number): Promise<void> {
    this.lines += 1;
    const issue =
      text === null
        ? this.#words.problem('lineTooLong', `${lengthMax} (bodyBytesMax)`)
        : await this.#issue(text, number);
    if (issue !== null) this.issues.push({ ...issue, line: number });
  }

  async #issue(text: string, number: number): Promise<IssueSaid | null> {
    const { ref, batch } = this.#held;
    const line = this.#words.read(text, batch);
    if (line.kind === 'issue') return line.issue;
    if (this.#keys.has(line.key)) return this.#words.problem('keyTwice', line.key);
    this.#keys.add(line.key);
    const request = memberOf(this.#held, line.request, number);
    const checked = await this.#submits.check({ ...request, tenant: ref.tenant });
    return checked.kind === 'checked' ? null : this.#words.refusal(refusalAt('', checked, request.type));
  }
}
