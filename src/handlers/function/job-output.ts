/**
 * `context.emit`: a part of the result, readable before the job ends. Counted where the handler runs, so that what is too much is an error at the call that
 * emits it, and not a part that is missing.
 */
import type { ErrorCode } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import type { LimitName, Limits } from '../../core/limits.ts';
import { LOG_LINE_BYTES } from '../../core/log-line.ts';
import { encodeEmitted } from '../../core/returned-value.ts';
import { PermanentError } from './permanent-error.ts';

export type OutputLimits = Pick<Limits, 'outputBytesPerJobMax' | 'outputChunkBytesMax' | 'jsonDepthMax'>;

/** A JSON value or a string. Throws a PermanentError with OUTPUT_TOO_LARGE or RESULT_NOT_JSON; what was emitted before stays. */
export type Emit = (chunk: unknown) => void;

/** @param send takes JSON text */
export function emitterOf(send: (chunk: string) => void, limits: OutputLimits): Emit {
  let total = 0;
  return (chunk) => {
    const encoded = encodeEmitted(chunk, limits.jsonDepthMax);
    if (encoded.kind === 'refused') throw refusal('RESULT_NOT_JSON', encoded.message);
    const bytes = Buffer.byteLength(encoded.text);
    checkBytes('A chunk of output', bytes, 'outputChunkBytesMax', limits);
    checkBytes('With this chunk the output', total + LOG_LINE_BYTES + bytes, 'outputBytesPerJobMax', limits);
    total += LOG_LINE_BYTES + bytes;
    send(encoded.text);
  };
}

function checkBytes(
  what: string,
  bytes: number,
  limit: Extract<LimitName, keyof OutputLimits>,
  limits: OutputLimits,
): void {
  if (bytes <= limits[limit]) return;
  const value = limits[limit];
  const message = `${what} has ${bytes} bytes; the limit is ${value} (${limit}).`;
  throw refusal('OUTPUT_TOO_LARGE', message, { limit, value });
}

/** Another attempt would emit the like. */
function refusal(code: ErrorCode, message: string, details: Json = null): PermanentError {
  return new PermanentError(message, { code, details });
}
