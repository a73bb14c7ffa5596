/**
 * Coalesces the progress reports of one attempt: at most one write under way, the newest report wins, and never more often
 * than `intervalMs`. The first report goes out at once, the last one always does, unless the attempt ends before.
 */
import type { CancelTimer, Clock } from '../clock.ts';

export interface Report {
  readonly percent?: number;
  readonly message?: string | null;
}

export interface ProgressReporter {
  report(percent: number | undefined, message?: string | null): void;
  /** Drops what was not sent. */
  stop(): void;
}

export function createProgressReporter(options: {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly messageLengthMax: number;
  /** Must not reject. */
  readonly send: (report: Report) => Promise<void>;
}): ProgressReporter {
  const { clock, intervalMs, messageLengthMax } = options;
  let next: Report | null = null;
  let isBusy = false;
  let isOver = false;
  let cancelTimer: CancelTimer = () => {};

  const send = async () => {
    if (next === null || isOver) {
      isBusy = false;
      return;
    }
    const report = next;
    next = null;
    const sentAt = clock.now();
    await options.send(report);
    if (isOver) return;
    const restMs = sentAt + intervalMs - clock.now();
    if (restMs > 0) cancelTimer = clock.after(restMs, () => void send());
    else await send();
  };

  return {
    report(percent, message) {
      if (isOver) return;
      // A report without a message keeps the one before it, also when that was never sent.
      next = {
        ...next,
        ...(percent === undefined ? {} : { percent }),
        ...(message === undefined ? {} : { message: message === null ? null : clipped(message, messageLengthMax) }),
      };
      if (isBusy) return;
      isBusy = true;
      void send();
    },
    stop() {
      isOver = true;
      cancelTimer();
    },
  };
}

function clipped(message: string, lengthMax: number): string {
  const text = String(message);
  return text.length > lengthMax ? `${text.slice(0, lengthMax - 1)}…` : text;
}
