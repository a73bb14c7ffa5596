/** Which jobs a list has or a bulk call changes, from the words of the API to those of the engine. */
import { FINAL_STATES, type ShownState } from '../../core/state.ts';
import type { JobFilter } from '../../engine/api.ts';
import { requireTime, tagsOf } from './mapping.ts';
import { invalid } from './problem.ts';

/** As the query of a list has them. */
export interface FilterWords {
  readonly state?: readonly ShownState[] | undefined;
  readonly type?: readonly string[] | undefined;
  readonly tag?: readonly string[] | undefined;
  readonly createdFrom?: string | undefined;
  readonly createdBefore?: string | undefined;
  readonly finishedFrom?: string | undefined;
  readonly finishedBefore?: string | undefined;
  readonly errorCode?: string | undefined;
  readonly text?: string | undefined;
}

/** @param at where the words stand, as refusals say it: empty for a query */
export function filterOf(words: FilterWords, at: string): JobFilter {
  const { state, type, tag, createdFrom, createdBefore, text } = words;
  if (isByEnd(words) && state?.every((word) => !(FINAL_STATES as readonly string[]).includes(word))) {
    const message = `must be one of ${FINAL_STATES.join(', ')} where jobs are asked for by their end`;
    throw invalid([{ path: `${at}/state`, message }]);
  }
  return {
    ...(state === undefined ? {} : { states: state }),
    ...(type === undefined ? {} : { types: type }),
    ...(tag === undefined ? {} : { tags: tagsOf(tag) }),
    ...(createdFrom === undefined ? {} : { createdFrom: requireTime(createdFrom, `${at}/createdFrom`) }),
    ...(createdBefore === undefined ? {} : { createdBefore: requireTime(createdBefore, `${at}/createdBefore`) }),
    ...(text === undefined ? {} : { text }),
    ...(isByEnd(words) ? { finished: finishedOf(words, at) } : {}),
  };
}

function isByEnd({ errorCode, finishedFrom, finishedBefore }: FilterWords): boolean {
  return (errorCode ?? finishedFrom ?? finishedBefore) !== undefined;
}

function finishedOf(
  { errorCode, finishedFrom, finishedBefore }: FilterWords,
  at: string,
): NonNullable<JobFilter['finished']> {
  return {
    ...(errorCode === undefined ? {} : { errorCode }),
    ...(finishedFrom === undefined ? {} : { from: requireTime(finishedFrom, `${at}/finishedFrom`) }),
    ...(finishedBefore === undefined ? {} : { before: requireTime(finishedBefore, `${at}/finishedBefore`) }),
  };
}
