/** The results of jobs that have just succeeded, as far as they are shown with the job: from memory, the others in one read. */
import type { JobEvent } from '../../store/contract.ts';
import type { EngineBase } from '../engine-base.ts';
import { inlineText, isInline } from '../reading/inline-result.ts';

/** By the id of the job. Of one that is removed already there is none. */
export async function resultTexts(
  { store, snapshots, limits }: Pick<EngineBase, 'store' | 'snapshots' | 'limits'>,
  events: readonly JobEvent[],
): Promise<ReadonlyMap<string, string | null>> {
  const texts = new Map<string, string | null>();
  const unknown: string[] = [];
  for (const { kind, job } of events) {
    if (kind !== 'succeeded' || !isInline(job.result, limits.resultInlineBytesMax)) continue;
    const known = snapshots.get(job.id);
    if (known?.job.revision === job.revision && known.resultText !== null) texts.set(job.id, known.resultText);
    else unknown.push(job.id);
  }
  if (unknown.length === 0) return texts;
  const contents = await store.readResult(unknown.map((id) => ({ id })));
  for (const [index, id] of unknown.entries()) texts.set(id, inlineText(contents[index], limits));
  return texts;
}
