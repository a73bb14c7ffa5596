/**
 * The callback that a submit asks for: checked, kept with the job, and read again when the job changes.
 *
 * The job has a field for the URL. What goes with it is in the job's origin, where the native dialect keeps what it must remember.
 */
import { BideError } from '../../core/errors.ts';
import type { Job, Json, Origin } from '../../core/job.ts';
import type { Limits } from '../../core/limits.ts';
import { EVENT_WORDS, type EventWord, FINAL_WORDS, isEventWord } from '../../core/webhooks/event-words.ts';
import { isPrivateHost } from '../../net/guarded-lookup.ts';

export const NATIVE = 'native';

export interface Callback {
  readonly url: string;
  /** `job.succeeded` and the like; those that end a job unless told. A dialect that speaks its own words has its own rules. */
  readonly events?: readonly string[] | undefined;
  /** The webhook whose secret signs; the tenant's secret for callbacks unless told. */
  readonly secretId?: string | undefined;
}

/** What of a callback its job remembers beside the URL. */
export interface Remembered {
  readonly events: readonly EventWord[];
  readonly secretId: string | null;
}

const PLAIN: Remembered = Object.freeze({ events: FINAL_WORDS, secretId: null });

/** Why nothing can be delivered to this URL; null where it may be tried. */
export function urlProblem(
  url: string,
  { callbackUrlLengthMax }: Pick<Limits, 'callbackUrlLengthMax'>,
  allowsPrivate: boolean,
): string | null {
  if (url.length > callbackUrlLengthMax) return `must have at most ${callbackUrlLengthMax} characters`;
  const target = URL.parse(url);
  if (target === null || (target.protocol !== 'http:' && target.protocol !== 'https:'))
    return 'must be an absolute http or https URL';
  // Names are looked up when something is delivered; what is private in any case is better said now than never delivered.
  if (allowsPrivate || !isPrivateHost(target.hostname)) return null;
  return `must not lead to a private address, and ${target.hostname} is one`;
}

/** Throws WEBHOOK_EVENT_UNKNOWN for what is none, with those that there are. */
export function eventWordsOf(words: readonly string[] | undefined): readonly EventWord[] {
  if (words === undefined) return FINAL_WORDS;
  const unknown = words.find((word) => !isEventWord(word));
  if (unknown === undefined && words.length > 0) return [...new Set(words as readonly EventWord[])];
  const message =
    unknown === undefined
      ? 'A list of events without any asks for nothing.'
      : `There is no event ${JSON.stringify(unknown.slice(0, 100))}.`;
  throw new BideError('WEBHOOK_EVENT_UNKNOWN', message, { events: EVENT_WORDS });
}

/** The origin of a job with a callback that asks for more than a URL. */
export function originWith(origin: Origin | null, { events, secretId }: Callback): Origin | null {
  if (events === undefined && secretId === undefined) return origin;
  const data = origin?.dialect === NATIVE && isObject(origin.data) ? origin.data : {};
  const callback = { ...(events === undefined ? {} : { events }), ...(secretId === undefined ? {} : { secretId }) };
  return { ...origin, dialect: NATIVE, data: { ...data, callback } };
}

/** What else a job remembers, for one that is to be like it with another callback. */
export function withoutCallback(origin: Origin | null): Json {
  if (origin?.dialect !== NATIVE || !isObject(origin.data)) return origin?.data ?? null;
  const { callback: _, ...data } = origin.data;
  return data;
}

export function rememberedOf({ origin }: Pick<Job, 'origin'>): Remembered {
  if (origin === null || !isObject(origin.data) || !isObject(origin.data.callback)) return PLAIN;
  const { events, secretId } = origin.data.callback;
  return {
    events: Array.isArray(events) ? events.filter(isEventWord) : FINAL_WORDS,
    secretId: typeof secretId === 'string' ? secretId : null,
  };
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
