/** A job as the tools that follow jobs tell it: in Bide's own words, which say more to a model than a task's do. */
import { workingState } from '../../../core/signals.ts';
import { isFinal } from '../../../core/state.ts';
import type { Snapshot } from '../../../engine/api.ts';
import type { JobResult } from '../../result-of.ts';
import { failureText } from '../mapping.ts';
import type { ToolResult } from '../wire.ts';
import { plainJsonOf, text, toolResult } from './tool-result.ts';

export interface CardFacts {
  readonly now: number;
  /** Signals that a person is asked for. */
  readonly asks: readonly string[];
  readonly url: string;
}

/** The card, and behind it what the job has brought that is no JSON. */
export function cardResult(snapshot: Snapshot, result: JobResult, facts: CardFacts): ToolResult {
  const { job } = snapshot;
  const head = headOf(snapshot, facts);
  if (job.state !== 'succeeded') return { content: [text(JSON.stringify(head))], structuredContent: head };
  const plain = plainJsonOf(job, result);
  if (plain === null) {
    const { content } = toolResult(job, result, facts.url);
    return { content: [text(JSON.stringify(head)), ...content], structuredContent: head };
  }
  const card = { ...head, result: plain.value };
  return { content: [text(JSON.stringify(card))], structuredContent: card };
}

/** For a key that may not read: where the job stands, and nothing of what came of it. */
export function bareCard({ job }: Snapshot, { now }: CardFacts): ToolResult {
  const head = { job_id: job.id, tool: job.type, state: workingState(job, now) };
  return { content: [text(JSON.stringify(head))], structuredContent: head };
}

function headOf({ job }: Snapshot, { now, asks }: CardFacts) {
  const state = workingState(job, now);
  const { percent, message } = job.progress;
  return {
    job_id: job.id,
    tool: job.type,
    state,
    ...(percent > 0 && !isFinal(job.state) ? { progress_percent: percent } : {}),
    ...(message === null || isFinal(job.state) ? {} : { message }),
    ...(asks.length > 0 ? { waits_for_answers: asks } : {}),
    ...(state === 'failed' || state === 'expired' ? { error: failureText(job) } : {}),
    ...(isFinal(job.state)
      ? {}
      : { next: 'Call wait_for_job with this job_id until state is succeeded, failed, cancelled or expired.' }),
  };
}
