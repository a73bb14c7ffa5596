/** The part of a query process that knows DuckDB: keeps one sandbox ready, and turns errors into outcomes. */
import type { AttemptOutcome } from '../../engine/api.ts';
import { dataFiles } from './data-files.ts';
import type { QuerySetup } from './messages.ts';
import { failedQuery } from './query-failure.ts';
import { runQuery } from './run-query.ts';
import { openSandbox, type Sandbox } from './sandbox.ts';
import type { SqlInput } from './sql-input.ts';

export interface QuerySession {
  /** One at a time. Never rejects. */
  run(input: SqlInput, signal: AbortSignal): Promise<AttemptOutcome>;
  /** Of the query under way, 0 to 100; -1 while unknown. */
  percent(): number;
}

/** An interrupt that comes between two steps of a query is lost, so it is repeated. */
const INTERRUPT_MS = 50;

export function querySession(setup: QuerySetup): QuerySession {
  const { settings } = setup;
  let next = openSandbox(settings);
  let current: Sandbox | null = null;
  const files = dataFiles({ ...setup, openSandbox: () => openSandbox(settings) });
  return {
    percent: () => Math.floor(current?.connection.progress.percentage ?? -1),
    async run(input, signal) {
      const sandbox = await next;
      current = sandbox;
      const stopInterrupting = interruptOn(signal, sandbox);
      try {
        return await runQuery({ input, setup, sandbox, files, signal });
      } catch (error) {
        return signal.aborted ? { kind: 'aborted' } : failedQuery(error, setup);
      } finally {
        stopInterrupting();
        current = null;
        sandbox.close();
        next = openSandbox(settings);
      }
    },
  };
}

function interruptOn(signal: AbortSignal, { connection }: Sandbox): () => void {
  let timer: NodeJS.Timeout | undefined;
  const interrupt = () => {
    connection.interrupt();
    timer ??= setInterval(() => connection.interrupt(), INTERRUPT_MS);
  };
  if (signal.aborted) interrupt();
  signal.addEventListener('abort', interrupt, { once: true });
  return () => {
    signal.removeEventListener('abort', interrupt);
    clearInterval(timer);
  };
}
