/**
 * The error that a handler throws when trying again cannot help.
 *
 * It is recognised by a registered symbol, not by its class: the config may import this module from another path than the
 * server did (sources beside built files, a thread of its own), and `instanceof` would then say no.
 */
import type { Json } from '../../core/job.ts';

const PERMANENT = Symbol.for('bide.permanentError');

export interface PermanentErrorOptions {
  /** For programs; HANDLER_FAILED when left out. */
  readonly code?: string;
  /** For whoever debugs the job; shown to callers, so never secrets. */
  readonly details?: Json;
  readonly cause?: unknown;
}

/** Fails the job at once, whatever attempts are left. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
  readonly code: string | undefined;
  readonly details: Json | undefined;
  readonly [PERMANENT] = true;

  constructor(message: string, options: PermanentErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = options.code;
    this.details = options.details;
  }
}

export function isPermanentError(thrown: unknown): thrown is PermanentError {
  return typeof thrown === 'object' && thrown !== null && PERMANENT in thrown;
}
