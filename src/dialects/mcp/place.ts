/**
 * What a client waits for, as the id of an event: it comes back as Last-Event-ID, to whichever node. Nothing in it is secret or trusted: the
 * job is looked up for the tenant of the key like any other, and the rest is what the client said itself.
 */
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { jobIdOf } from '../../core/id.ts';

const RequestId = Type.Union([Type.String(), Type.Integer()]);

const Place = Type.Object({
  /** A call that is held; the tool that waits for a job; the result of a task. */
  kind: Type.Union([Type.Literal('call'), Type.Literal('wait'), Type.Literal('result')]),
  jobId: Type.String(),
  requestId: RequestId,
  progressToken: Type.Union([RequestId, Type.Null()]),
  /** The inputs that a person was asked for: the client has these forms, and whoever comes back is not shown them again. */
  asked: Type.Optional(Type.Array(Type.String(), { maxItems: 100 })),
});
export type Place = Static<typeof Place>;

const validator = Compile(Place);

/** An id or token of the client's beyond it is not remembered: headers have a bound. */
const LENGTH_MAX = 2_000;

/** Null where it is too long to come back. */
export function placeText(place: Place): string | null {
  const text = Buffer.from(JSON.stringify(place)).toString('base64url');
  return text.length <= LENGTH_MAX ? text : null;
}

/** Null for what no stream of ours has had as an id. */
export function placeOf(eventId: string): Place | null {
  if (eventId.length > LENGTH_MAX) return null;
  try {
    const place: unknown = JSON.parse(Buffer.from(eventId, 'base64url').toString('utf8'));
    return validator.Check(place) && jobIdOf(place.jobId) === place.jobId ? place : null;
  } catch {
    return null;
  }
}
