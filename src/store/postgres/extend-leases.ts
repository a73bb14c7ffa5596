/** Heartbeats: no change that a reader could see, so the revision stays. */
import type { LeaseExtension, LeaseOutcome } from '../contract.ts';
import { repeated } from './connection/repeat.ts';
import type { Session, Step } from './connection/session.ts';
import { jobRoundsOf, type Placed, placedAt } from './rounds.ts';
import { plainArray } from './wire-text.ts';

export async function extendLeases(
  session: Session,
  batch: readonly LeaseExtension[],
): Promise<readonly LeaseOutcome[]> {
  const outcomes = new Array<LeaseOutcome>(batch.length).fill({ kind: 'lost' });
  const rounds = jobRoundsOf(batch);
  if (rounds.length === 0) return outcomes;
  const results = await repeated(() => session.runAll(rounds.map(extendStep)));
  for (const [at, rows] of results.entries()) {
    for (const [ord, cancelRequestedAt] of rows) {
      outcomes[placedAt(rounds, at, ord).index] = {
        kind: 'held',
        cancelRequestedAt: cancelRequestedAt as number | null,
      };
    }
  }
  return outcomes;
}

function extendStep(round: readonly Placed<LeaseExtension>[]): Step {
  return {
    name: 'jobExtend',
    values: [
      plainArray(round.map(({ item }) => item.id)),
      plainArray(round.map(({ item }) => item.fence)),
      plainArray(round.map(({ item }) => item.leaseUntil)),
    ],
  };
}
