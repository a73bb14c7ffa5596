/**
 * A service in the foreground, from its start to its end by a signal.
 *
 * The first SIGTERM or SIGINT drains: no new work, callers are answered while running jobs get their time, which are given back
 * after it. The second one forces: running jobs are given back now. The third ends the process on the spot; what is stored is
 * safe then too, and the jobs come back when their leases run out.
 *
 * One ^C arrives up to three times at once: from the terminal, which signals every process in front of it, and from each launcher
 * in between (npx, bin/bide.js), which pass it on; a supervisor that signals a whole group does the same with SIGTERM. Signals
 * closer together than a hand makes them therefore count as one.
 *
 * A store that became unsafe ends the process at once, with an exit code of its own: whatever is stored meanwhile could be lost.
 */
import { type BideError, ERRORS } from '../../core/errors.ts';
import type { Surroundings } from '../command.ts';
import { EXIT, type ExitCode, exitCodeOf } from '../exit-code.ts';
import type { Terminal } from '../terminal/terminal.ts';

const SAME_SIGNAL_MS = 200;
/** The forced end has this long before the process ends regardless. */
const FORCED_MS_MAX = 10_000;

export interface Service {
  /** Resolves when everything has ended. `force` ends the patience with running jobs. */
  stop(options: { readonly force: AbortSignal }): Promise<void>;
  /** Resolves when the store must not be used on. */
  readonly unsafe?: Promise<BideError>;
}

/** What a test replaces. */
interface ProcessFacts {
  /** Ms from anywhere. */
  readonly now: () => number;
  readonly exit: (code: ExitCode) => void;
}

const THIS_PROCESS: ProcessFacts = { now: () => performance.now(), exit: (code) => process.exit(code) };

/** Resolves when the service has ended after a signal. */
export async function runService(
  service: Service,
  { terminal, onSignal }: Pick<Surroundings, 'onSignal'> & { readonly terminal: Pick<Terminal, 'note'> },
  { now, exit }: ProcessFacts = THIS_PROCESS,
): Promise<ExitCode> {
  const first = Promise.withResolvers<void>();
  const force = new AbortController();
  let count = 0;
  let lastAt = Number.NEGATIVE_INFINITY;
  void service.unsafe?.then((error) => {
    terminal.note(`bide: ${error.message} ${ERRORS[error.code].advice}`);
    exit(exitCodeOf(error));
  });
  const removeHandler = onSignal(() => {
    const at = now();
    if (at - lastAt < SAME_SIGNAL_MS) return;
    lastAt = at;
    count += 1;
    if (count === 1) {
      terminal.note('bide: stopping: running jobs are given time to finish; a second signal gives them back at once');
      first.resolve();
    } else if (count === 2) {
      terminal.note('bide: stopping now');
      force.abort();
      setTimeout(() => exit(EXIT.unsuccessful), FORCED_MS_MAX).unref();
    } else {
      exit(EXIT.unsuccessful);
    }
  });
  await first.promise;
  await service.stop({ force: force.signal });
  removeHandler();
  return force.signal.aborted ? EXIT.unsuccessful : EXIT.succeeded;
}
