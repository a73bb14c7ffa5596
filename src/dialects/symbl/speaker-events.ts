/** Who spoke when, as `PUT …/speakers` says it: events of a timeline, made into turns. */
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import type { Turn } from './speakers.ts';

const EVENTS_MAX = 10_000;

const Text = Type.String({ minLength: 1, maxLength: 500 });
const Events = Type.Array(
  Type.Object({
    type: Type.Union([Type.Literal('started_speaking'), Type.Literal('stopped_speaking')]),
    user: Type.Object({ id: Text, name: Text, email: Type.Optional(Text) }),
    offset: Type.Object({
      seconds: Type.Number({ minimum: 0, maximum: 1e9 }),
      nanos: Type.Optional(Type.Number({ minimum: 0, maximum: 1e15 })),
    }),
  }),
  { maxItems: EVENTS_MAX },
);

/** Whoever began last and has not stopped has the turn. INVALID_REQUEST for what are no events. */
export function turnsOf(given: Json | undefined): readonly Turn[] {
  if (!Value.Check(Events, given)) {
    throw new BideError(
      'INVALID_REQUEST',
      `"speakerEvents" must be a list of at most ${EVENTS_MAX} events with type, user (id, name) and offset (seconds)`,
    );
  }
  const events = given as unknown as Static<typeof Events>;
  const sorted = events.map((event) => ({ ...event, fromMs: msOf(event.offset) })).sort((a, b) => a.fromMs - b.fromMs);
  const speaking = new Set<string>();
  const begun: NonNullable<Turn['speaker']>[] = [];
  return sorted.map(({ type, user, fromMs }) => {
    const { id, name, email = null } = user;
    if (type === 'started_speaking') {
      speaking.add(id);
      begun.push({ id, name, email });
    } else speaking.delete(id);
    // Each is pushed and popped once: linear, however many never stop.
    while (begun.length > 0 && !speaking.has(begun.at(-1)?.id ?? '')) begun.pop();
    return { fromMs, speaker: begun.at(-1) ?? null };
  });
}

/** A full second may be in the nanoseconds too: the vendor's own example puts five there. */
function msOf({ seconds, nanos = 0 }: { readonly seconds: number; readonly nanos?: number }): number {
  return Math.round(seconds * 1_000 + nanos / 1_000_000);
}
