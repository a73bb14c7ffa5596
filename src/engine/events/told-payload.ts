/** What is told of a job beside its state, for dialects whose vendor sends all of it. A delivery is kept for days, so that each part has a bound. */
import type { ToldPayload } from '../api.ts';
import type { EngineBase } from '../engine-base.ts';

export async function toldPayload(
  { store, limits }: Pick<EngineBase, 'store' | 'limits'>,
  id: string,
): Promise<ToldPayload> {
  const { resultInlineBytesMax: bytesMax, logPageMax: limit } = limits;
  const [[input = null], log, output] = await Promise.all([
    store.readInput([{ id }]),
    store.logRead({ id, stream: 'log', after: 0, limit, bytesMax }),
    store.logRead({ id, stream: 'output', after: 0, limit, bytesMax }),
  ]);
  const isWhole = async () => {
    const after = output.at(-1)?.offset ?? 0;
    return (await store.logRead({ id, stream: 'output', after, limit: 1 })).length === 0;
  };
  return {
    input: input !== null && Buffer.byteLength(input) <= bytesMax ? input : null,
    log,
    output: output.length > 0 && (await isWhole()) ? output : [],
  };
}
