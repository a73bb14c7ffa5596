/** What a remote worker's handler says, on its way to the server: with heartbeats of their own, one at a time, all of it before the outcome. */
import type { LogLevel } from '../core/log-line.ts';
import type { Client } from './client.ts';
import type { WorkBody, WorkLogLine } from './wire.ts';
import type { AttemptOptions, WorkLog } from './worker-options.ts';

/** Lines of one heartbeat. */
const LINES_MAX = 100;
/** Lines that wait for a server that is away; of more the later ones are left out. */
const WAITING_MAX = 10_000;

export function createWorkLog(client: Client, job: WorkBody, options: AttemptOptions) {
  let waiting: WorkLogLine[] = [];
  let leftOut = 0;
  let sending: Promise<void> | null = null;

  function say(level: LogLevel, line: string, fields?: Readonly<Record<string, unknown>>): void {
    if (waiting.length >= WAITING_MAX) {
      leftOut += 1;
      return;
    }
    const at = new Date(options.now()).toISOString();
    waiting.push({ at, level, line: String(line), ...(fields === undefined ? {} : { fields }) });
    // The rest of this turn goes with the same heartbeat.
    sending ??= Promise.resolve().then(send);
  }

  async function send(): Promise<void> {
    while (waiting.length > 0 || leftOut > 0) {
      if (waiting.length < LINES_MAX && leftOut > 0) {
        waiting.push({
          level: 'warn',
          line: `… ${leftOut} lines are left out here: the server was away for too long.`,
        });
        leftOut = 0;
      }
      const log = waiting.slice(0, LINES_MAX);
      waiting = waiting.slice(LINES_MAX);
      await client.work.heartbeat(job, { leaseMs: options.leaseMs, log }).catch(options.onTrouble);
    }
    sending = null;
  }

  const at = (level: LogLevel) => (line: string, fields?: Readonly<Record<string, unknown>>) =>
    say(level, line, fields);
  const levels = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const log: WorkLog = Object.assign(at('info'), levels);
  return { log, flushed: () => sending ?? Promise.resolve() };
}
