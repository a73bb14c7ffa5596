/** Which jobs a command means: the same options wherever there is more than one. */
import type { JobFilter } from '../client/index.ts';
import { nearest } from '../core/nearest.ts';
import { SHOWN_STATES, type ShownState } from '../core/state.ts';
import type { OptionTable, OptionValues } from './option.ts';
import { tagsOf } from './tags.ts';
import { usageError } from './usage-error.ts';

export const FILTER_OPTIONS = {
  state: { kind: 'list', value: 'STATE', help: `only in this state; may be repeated (${SHOWN_STATES.join(', ')})` },
  type: { kind: 'list', value: 'TYPE', help: 'only of this type; may be repeated' },
  tag: { kind: 'list', value: 'NAME=VALUE', help: 'only with this tag; may be repeated, all must match' },
  error: {
    kind: 'text',
    value: 'CODE',
    help: 'only failed, expired or cancelled with this error, by the time of their end',
  },
  text: { kind: 'text', value: 'TEXT', help: 'only with this in the id, a tag or the message of the error' },
  'created-before': { kind: 'duration', value: 'TIME', help: 'only submitted longer ago than TIME, such as 7d' },
  'finished-within': { kind: 'duration', value: 'TIME', help: 'only finished in the last TIME, such as 1h' },
} as const satisfies OptionTable;

export function filterOf(values: OptionValues<typeof FILTER_OPTIONS>): JobFilter {
  const ago = (ms: number | undefined) => (ms === undefined ? undefined : new Date(Date.now() - ms));
  return {
    states: statesOf(values.state),
    types: values.type,
    tags: tagsOf(values.tag),
    errorCode: values.error,
    text: values.text,
    createdBefore: ago(values['created-before']),
    finishedFrom: ago(values['finished-within']),
  };
}

export function statesOf(words: readonly string[]): readonly ShownState[] {
  for (const word of words) {
    if ((SHOWN_STATES as readonly string[]).includes(word)) continue;
    const meant = nearest(word, SHOWN_STATES);
    const hint = meant === null ? '' : ` Did you mean ${meant}?`;
    throw usageError(`Option --state takes one of ${SHOWN_STATES.join(', ')}, not ${word}.${hint}`);
  }
  return words as readonly ShownState[];
}
