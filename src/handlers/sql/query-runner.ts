/** One query process, as the server sees it. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AttemptOutcome } from '../../engine/api.ts';
import type { Clock } from '../../engine/clock.ts';
import { retryableFailure } from '../failed.ts';
import type { FromQueryProcess, QuerySetup, ToQueryProcess } from './messages.ts';
import type { SqlInput } from './sql-input.ts';

export interface QueryRunner {
  /** False once the process has ended or is about to. */
  isUsable(): boolean;
  /** One at a time. Resolves when the query has ended for good, its process killed if need be. */
  run(query: Query): Promise<AttemptOutcome>;
  /** Kills the process; a query that it has is aborted. Resolves when it is gone. */
  kill(): Promise<void>;
}

export interface Query {
  readonly input: SqlInput;
  readonly signal: AbortSignal;
  /** From the signal to SIGKILL. */
  readonly graceMs: number;
  onProgress(percent: number): void;
}

/** The entry beside this file, as TypeScript from the sources and as JavaScript once built. */
const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './query-process.ts' : './query-process.js', import.meta.url);

export function startQueryRunner(setup: QuerySetup, clock: Clock): QueryRunner {
  const child = fork(fileURLToPath(ENTRY), [], {
    cwd: setup.cacheDir,
    env: {},
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  let isUsable = true;
  let settle: ((outcome: AttemptOutcome) => void) | null = null;
  void gone.then(() => {
    isUsable = false;
    settle?.(retryableFailure('SQL_FAILED', 'The process that ran the query ended unexpectedly.'));
  });
  tell(child, { kind: 'setup', setup });
  return {
    isUsable: () => isUsable,
    async kill() {
      isUsable = false;
      child.kill('SIGKILL');
      await gone;
    },
    run({ input, signal, graceMs, onProgress }) {
      const ended = Promise.withResolvers<AttemptOutcome>();
      settle = ended.resolve;
      const receive = (message: FromQueryProcess) => {
        if (message.kind === 'progress') return onProgress(message.percent);
        if (message.kind === 'broken') isUsable = false;
        ended.resolve(message.outcome);
      };
      const abort = () => {
        tell(child, { kind: 'abort' });
        stopTimer = clock.after(graceMs, () => child.kill('SIGKILL'));
      };
      let stopTimer = () => {};
      child.on('message', receive);
      signal.addEventListener('abort', abort, { once: true });
      tell(child, { kind: 'query', input });
      return ended.promise
        .then((outcome) => (signal.aborted && outcome.kind === 'failed' ? ({ kind: 'aborted' } as const) : outcome))
        .finally(() => {
          settle = null;
          stopTimer();
          child.off('message', receive);
          signal.removeEventListener('abort', abort);
        });
    },
  };
}

/** A process that is gone answers by its end. */
function tell(child: ChildProcess, message: ToQueryProcess): void {
  if (child.connected) child.send(message, () => {});
}
