/** What a webhook can be told of, in the words that its receiver sees. */
import type { FinalState, StoredState } from '../state.ts';

export const EVENT_WORDS = [
  'job.waiting',
  'job.running',
  'job.progressed',
  'job.succeeded',
  'job.failed',
  'job.cancelled',
  'job.expired',
] as const;
export type EventWord = (typeof EVENT_WORDS)[number];

/** What whoever names none is told of: that a job is over. */
export const FINAL_WORDS: readonly EventWord[] = (
  ['succeeded', 'failed', 'cancelled', 'expired'] satisfies FinalState[]
).map((state) => `job.${state}` as const);

/** The word of a message that only tries an endpoint. No endpoint asks for it. */
export const TEST_WORD = 'webhook.test';

/** `changed`: within its state, by progress, a request to cancel, or an amendment. */
export function eventWordOf(kind: StoredState | 'changed'): EventWord {
  return kind === 'changed' ? 'job.progressed' : `job.${kind}`;
}

/** The other way round: which changes of a job these words ask for. */
export function kindsOf(words: readonly EventWord[]): readonly (StoredState | 'changed')[] {
  return [...new Set(words)].map((word) => (word === 'job.progressed' ? 'changed' : (word.slice(4) as StoredState)));
}

export function isEventWord(text: unknown): text is EventWord {
  return (EVENT_WORDS as readonly unknown[]).includes(text);
}
