/** S1: no-op jobs that wait are worked off by one worker process with a handler call per job; from its start until every outcome is recorded. */
import { playSide } from '../run/queue-roles.ts';
import { inTurns } from '../run/rounds.ts';
import type { RunScenario } from './scenario.ts';

export const run: RunScenario = async ({ sides, services, sizes, untilMs, note }) => {
  const turns = sides
    .filter(({ takesPart }) => takesPart.includes('s1'))
    .map((side) => {
      const amount = Math.max(4, Math.round(sizes.burnJobs * (side.shares?.s1 ?? 1)));
      const steps = [
        { role: 'fill', amount },
        { role: 'burn', amount },
      ] as const;
      return { side: side.name, measure: () => playSide(side, steps, services) };
    });
  return inTurns(turns, { rounds: sizes.rounds, untilMs, note });
};
