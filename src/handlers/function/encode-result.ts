/** What a handler returned, as the outcome of its attempt. */
import type { Limits } from '../../core/limits.ts';
import { encodeReturned } from '../../core/returned-value.ts';
import type { AttemptOutcome } from '../../engine/api.ts';
import { vouchFor } from '../../engine/json-check.ts';
import { permanentFailure, resultTooLarge } from '../failed.ts';

export type ResultLimits = Pick<Limits, 'resultBytesMax' | 'jsonDepthMax'>;

/** Finished as `succeeded`, or `failed` for good where the value cannot be stored: another attempt would return the like. */
export function encodeResult(value: unknown, limits: ResultLimits): AttemptOutcome {
  const encoded = encodeReturned(value, limits.jsonDepthMax);
  if (encoded.kind === 'refused') return permanentFailure('RESULT_NOT_JSON', encoded.message);
  const { bytes } = encoded.content;
  if (bytes.byteLength > limits.resultBytesMax) {
    return resultTooLarge(`The result has ${bytes.byteLength} bytes`, limits.resultBytesMax);
  }
  vouchFor(bytes);
  return { kind: 'succeeded', result: encoded.content };
}
