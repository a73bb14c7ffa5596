/** Responses as texts: made once where nothing of them can change any more, and kept with their snapshots. */
import { isFinal } from '../../../core/state.ts';
import type { Engine, Snapshot } from '../../../engine/api.ts';
import { resultOf } from '../../result-of.ts';
import { createSnapshotMemory } from '../../snapshot-cache.ts';
import { answerOf, partialAnswer } from './answer.ts';
import { emittedText } from './emitted.ts';
import { responseBody, statusOf } from './mapping.ts';
import type { JobAnswer } from './wire.ts';

export interface Bodies {
  of(snapshot: Snapshot): Promise<string>;
  /** For a key that may not read: neither what was asked nor what came of it. */
  bare(snapshot: Snapshot): string;
  /** What is kept; undefined where it has to be made. */
  atHand(snapshot: Snapshot): string | undefined;
}

export function createBodies(engine: Engine): Bodies {
  const memory = createSnapshotMemory<string, readonly []>();
  return {
    async of(snapshot) {
      const kept = this.atHand(snapshot);
      if (kept !== undefined) return kept;
      const now = engine.clock.now();
      const text = JSON.stringify(
        responseBody(snapshot.job, statusOf(snapshot.job, now), await answerIn(engine, snapshot)),
      );
      memory.keep(snapshot, text, now);
      return text;
    },
    bare({ job }) {
      const unread = { ...job, origin: null, tags: {}, error: null };
      return JSON.stringify(responseBody(unread, statusOf(job, engine.clock.now())));
    },
    atHand: (snapshot) => memory.kept(snapshot, engine.clock.now()),
  };
}

/** Nothing before the job has ended, as at the vendor: what it emits is for its stream. */
export async function answerIn(engine: Engine, snapshot: Snapshot): Promise<JobAnswer | undefined> {
  const { job } = snapshot;
  if (!isFinal(job.state)) return undefined;
  if (job.state !== 'succeeded') return partialAnswer(job, (await emittedText(engine, snapshot)).text);
  const result = await resultOf(engine, snapshot);
  return answerOf(job, result, needsEmitted(result) ? (await emittedText(engine, snapshot)).text : '');
}

/** A result stands for what was emitted before it, unless it says nothing but what that has cost. */
function needsEmitted(result: Awaited<ReturnType<typeof resultOf>>): boolean {
  if (result.kind !== 'json') return result.kind === 'none';
  return result.value === null || /^\s*\{\s*"usage"/.test(result.text);
}
