/** Reading a job: with its rows, from memory where they are there. */
import type { Snapshot } from '../../engine/api.ts';
import { jobNow } from '../job-done.ts';
import { resultAtHand, resultOf } from '../result-of.ts';
import { type Answer, type Call, ok, refusal } from './call.ts';
import { idOf, jobBody } from './mapping.ts';

export async function getJob(call: Call, text: string): Promise<Answer> {
  if (call.context.options.phase1) return refusal(501, 'Not implemented');
  const { engine } = call.context;
  const id = idOf(text);
  const lookup = id === null ? null : await jobNow(call, id);
  if (lookup?.kind !== 'found') return refusal(404, 'Job not found');
  const { snapshot } = lookup;
  return ok(jobBody(snapshot.job, await resultOf(engine, snapshot), engine.clock.now()));
}

/** The whole answer to a poll where the snapshot alone says it; undefined where the result must be read. */
export function polledText(snapshot: Snapshot, now: number): string | undefined {
  const result = resultAtHand(snapshot);
  return result === undefined ? undefined : JSON.stringify(jobBody(snapshot.job, result, now));
}
