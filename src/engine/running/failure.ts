/** Makes a `Failure` of whatever a handler threw or said, and keeps it within the limits. */
import type { Failure, Json } from '../../core/job.ts';
import type { Limits } from '../../core/limits.ts';

/** Handlers may throw anything: errors, texts, undefined, objects whose toString throws. */
export function failureOf(thrown: unknown): Failure {
  return { code: 'HANDLER_FAILED', message: messageOf(thrown), details: null };
}

/** The failure with its message and details cut to the limits; that something was dropped is said. */
export function boundedFailure(failure: Failure, limits: Limits): Failure {
  return {
    code: String(failure.code).slice(0, limits.typeLengthMax),
    message: bounded(String(failure.message), limits.errorMessageLengthMax),
    details: boundedDetails(failure.details, limits.errorDetailsBytesMax),
  };
}

/** Where it was thrown, for the log; null for what has no stack. */
export function stackOf(thrown: unknown): string | null {
  try {
    return thrown instanceof Error && typeof thrown.stack === 'string' ? thrown.stack : null;
  } catch {
    return null;
  }
}

function messageOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return thrown.message || thrown.name;
    return typeof thrown === 'string' ? thrown : `The handler threw ${describe(thrown)}, not an error.`;
  } catch {
    return 'The handler threw something that cannot be shown.';
  }
}

function describe(thrown: unknown): string {
  return typeof thrown === 'object' && thrown !== null ? (JSON.stringify(thrown) ?? 'an object') : String(thrown);
}

function bounded(text: string, lengthMax: number): string {
  return text.length > lengthMax ? `${text.slice(0, lengthMax - 1)}…` : text;
}

function boundedDetails(details: Json, bytesMax: number): Json {
  if (details === null) return null;
  let text: string | undefined;
  try {
    text = JSON.stringify(details);
  } catch {
    return { dropped: 'The details were not JSON.' };
  }
  if (text === undefined) return null;
  const bytes = Buffer.byteLength(text);
  return bytes <= bytesMax ? details : { dropped: `The details had ${bytes} bytes; the limit is ${bytesMax}.` };
}
