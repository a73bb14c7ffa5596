/**
 * What a remote worker's handler emits, on its way to the server: with heartbeats of their own, one at a time, all of it before the outcome. Nothing is left
 * out: what a server that is away has not taken is sent again, and what it refuses fails the attempt.
 */
import { encodeEmitted } from '../core/returned-value.ts';
import type { Client } from './client.ts';
import { ClientError } from './client-error.ts';
import type { WorkBody } from './wire.ts';
import { failed, JSON_DEPTH_MAX, type Outcome } from './work-outcome.ts';
import type { AttemptOptions } from './worker-options.ts';

/** Of one heartbeat: within what any server takes as a body by default, and one chunk whatever its size. */
const CHARACTERS_MAX = 200_000;
const CHUNKS_MAX = 100;
/** Between two tries while the server is away. */
const PAUSE_MS = 1_000;

export interface WorkOutput {
  /** Throws for what JSON cannot carry, and once the server has refused output. */
  emit(chunk: unknown): void;
  /** The outcome that is told: a failure where not all of the output has come to the server. */
  settled(outcome: Outcome): Promise<Outcome>;
}

/** @param gone fires when the job is no longer this worker's */
export function createWorkOutput(
  client: Client,
  job: WorkBody,
  options: AttemptOptions,
  gone: AbortSignal,
): WorkOutput {
  let waiting: string[] = [];
  let refusal: Outcome | null = null;
  let sending: Promise<void> | null = null;

  function nextChunks(): string[] {
    let [count, characters] = [0, 0];
    while (count < Math.min(waiting.length, CHUNKS_MAX)) {
      characters += (waiting[count] ?? '').length;
      if (count > 0 && characters > CHARACTERS_MAX) break;
      count += 1;
    }
    return waiting.slice(0, count);
  }

  async function send(): Promise<void> {
    while (waiting.length > 0 && refusal === null && gone.reason !== 'lost') {
      const chunks = nextChunks();
      try {
        const output = chunks.map((text) => JSON.parse(text) as unknown);
        await client.work.heartbeat(job, { leaseMs: options.leaseMs, output });
        waiting = waiting.slice(chunks.length);
      } catch (error) {
        options.onTrouble(error);
        if (error instanceof ClientError && error.isPassing) await options.pause(PAUSE_MS, undefined).catch(() => {});
        else refusal = refusedBy(error);
      }
    }
    sending = null;
  }

  return {
    emit(chunk) {
      if (refusal !== null) throw new Error('The server has refused what was emitted before.');
      const encoded = encodeEmitted(chunk, JSON_DEPTH_MAX);
      if (encoded.kind === 'refused') throw new Error(encoded.message);
      waiting.push(encoded.text);
      // The rest of this turn goes with the same heartbeat.
      sending ??= Promise.resolve().then(send);
    },
    async settled(outcome) {
      while (sending !== null) await sending;
      return refusal ?? outcome;
    },
  };
}

function refusedBy(error: unknown): Outcome {
  const { code, message } = error instanceof ClientError ? error : { code: 'HANDLER_FAILED', message: String(error) };
  return failed(code, `The server does not take the output: ${message}`, { isRetryable: false });
}
