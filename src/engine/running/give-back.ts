/** Gives claimed jobs back with their attempts. One that fails is not tried again: the lease runs out, and another worker takes the job. */
import type { ClaimedJob } from '../../store/contract.ts';
import type { Commands } from '../commanding/commands.ts';
import type { EngineBase } from '../engine-base.ts';
import { attemptFacts } from '../telemetry.ts';

/** Never rejects. */
export async function giveBack(
  { commands, telemetry }: Pick<EngineBase, 'telemetry'> & { readonly commands: Commands },
  { job }: ClaimedJob,
): Promise<void> {
  try {
    await commands.carryOut(job.id, { kind: 'release', fence: job.fence }, job);
  } catch (error) {
    telemetry.emit({ kind: 'outcomeDropped', error, ...attemptFacts(job) });
  }
}
