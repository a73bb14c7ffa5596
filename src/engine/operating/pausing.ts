/** Pausing and resuming types by name, as far as the config of this process has them. */
import type { Engine, PauseOutcome } from '../api.ts';
import type { EngineBase } from '../engine-base.ts';
import type { Pauses } from './pauses.ts';

export interface PausingOptions extends Pick<EngineBase, 'types'> {
  readonly pauses: Pauses;
}

export function createPausing({ types, pauses }: PausingOptions): Pick<Engine, 'pauseType' | 'resumeType'> {
  const ifKnown = async (name: string, change: (name: string) => Promise<boolean>): Promise<PauseOutcome> => {
    if (!types.has(name)) return { kind: 'unknownType', types: [...types.keys()] };
    return { kind: (await change(name)) ? 'done' : 'unchanged' };
  };

  return {
    pauseType: (name) => ifKnown(name, pauses.pause),
    resumeType: (name) => ifKnown(name, pauses.resume),
  };
}
