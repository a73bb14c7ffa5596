/**
 * Logging as one subscriber of telemetry: what an operator wants to read, at the level that it has for them.
 *
 * At the default level (`warn`) a failed attempt leaves one line, with its error and, where its handler ran here, the stack; of many of one type some. An outage of the
 * database leaves two, whatever the number of loops that meet it: one when it begins, one when it is over.
 */
import type { TelemetryEvent } from '../engine/telemetry.ts';
import type { Logger } from '../http/log.ts';

/** Stacks of attempts whose outcome is being stored; more of them than run at once are none that anybody waits for. */
const STACKS_MAX = 1_000;
/** Failures of one type that are told in so long. */
const FAILURES_MAX = 10;
const FAILURES_MS = 10_000;

type Event<Kind extends TelemetryEvent['kind']> = Extract<TelemetryEvent, { kind: Kind }>;

/** Events by level; those that are not named are for metrics alone, being too many for a log. */
/** @param steady ms of a counter that never jumps */
export function logTelemetry(
  logger: Logger,
  steady: () => number = () => performance.now(),
): (event: TelemetryEvent) => void {
  const stacks = createStacks();
  const outage = createOutage(logger);
  const failures = createFailures(logger, steady);
  return (event) => {
    switch (event.kind) {
      case 'attemptFailed':
        return stacks.keep(event);
      case 'jobFinished':
        return jobFinished(logger, failures, event, stacks.take(event));
      case 'jobRetried':
        return failures.tell(
          { ...event, ...stacks.take(event) },
          `attempt failed, tried again later: ${event.code}: ${event.message}`,
        );
      case 'typeRests':
        return logger.warn(event, 'attempts cannot be started on this machine; given back, tried again later');
      case 'jobLogged':
        return jobLogged(logger, event);
      case 'attemptLost':
        return logger.warn(event, 'lease lost, work dropped');
      case 'attemptAbandoned':
        return logger.warn(event, 'handler ignored its signal, abandoned');
      case 'outcomeDropped':
        return logger.error(withCause(event), 'outcome of an attempt could not be stored; the job runs again');
      case 'deliveryFailed':
        return logger.warn(event, event.isGivenUp ? 'delivery given up' : 'delivery failed, tried again later');
      case 'webhookDisabled':
        return logger.warn(event, `webhook disabled: ${event.reason}`);
      case 'tickSkipped':
        return tickSkipped(logger, event);
      case 'clockAligned':
        return logger.debug(event, 'clock aligned to the store');
      case 'clockJumped':
        return logger.warn(event, clockSentence(event));
      case 'loopFailed':
        return outage.failed(event);
      case 'loopRecovered':
        return outage.recovered(event);
      case 'internalError':
        return logger.error(withCause(event), `internal error in ${event.where}`);
      default:
        return undefined;
    }
  };
}

/** What nobody asked for is a warning; a cancel is what somebody asked for. */
function jobFinished(logger: Logger, failures: Failures, event: Event<'jobFinished'>, stack: object): void {
  if (event.state === 'failed' || event.state === 'expired') {
    failures.tell({ ...event, ...stack }, `job ${event.state}: ${event.code}: ${event.message}`);
  } else logger.debug(event, `job ${event.state}`);
}

/** An overlap is what the schedule asks for. */
function tickSkipped(logger: Logger, event: Event<'tickSkipped'>): void {
  if (event.reason === 'overlap') logger.debug(event, `tick of a schedule skipped: ${event.message}`);
  else logger.warn(event, `tick of a schedule skipped: ${event.message}`);
}

/** What a job says is of the job, whatever its level: it is kept with it, and here it is told at the most. */
function jobLogged(logger: Logger, { id, type, attempt, level, line }: Event<'jobLogged'>): void {
  const facts = { id, type, attempt, ...(level === 'info' ? {} : { said: level }) };
  if (level === 'debug') logger.debug(facts, line);
  else logger.info(facts, line);
}

interface Failures {
  tell(facts: { readonly type: string }, message: string): void;
}

/** Of each type so many failures are told in `FAILURES_MS`, and how many were not with the next one: a receiver that is away fails thousands. */
function createFailures(logger: Logger, steady: () => number): Failures {
  const told = new Map<string, { beganAt: number; count: number; leftOut: number }>();
  return {
    tell(facts, message) {
      const now = steady();
      const known = told.get(facts.type);
      const leftOut = known?.leftOut ?? 0;
      if (known !== undefined && now - known.beganAt < FAILURES_MS) {
        if (known.count >= FAILURES_MAX) {
          known.leftOut += 1;
          return;
        }
        known.count += 1;
      } else told.set(facts.type, { beganAt: now, count: 1, leftOut: 0 });
      logger.warn(
        leftOut === 0 ? facts : { ...facts, leftOut },
        leftOut === 0 ? message : `${message} (and ${leftOut} more of this type, left out)`,
      );
    },
  };
}

/** The stack of an attempt until its outcome is told. */
function createStacks() {
  const stacks = new Map<string, string>();
  return {
    keep({ id, stack }: Event<'attemptFailed'>): void {
      const [oldest] = stacks.keys();
      if (stacks.size >= STACKS_MAX && oldest !== undefined) stacks.delete(oldest);
      stacks.set(id, stack);
    },
    take({ id }: { readonly id: string }): { readonly stack?: string } {
      const stack = stacks.get(id);
      stacks.delete(id);
      return stack === undefined ? {} : { stack };
    },
  };
}

/** Loops fail and recover each on its own; a store that is away is one event to whoever reads the log. */
function createOutage(logger: Logger) {
  const down = new Set<string>();
  return {
    failed(event: Event<'loopFailed'>) {
      if (codeOf(event.error) !== 'STORE_UNAVAILABLE')
        return logger.error(withCause(event), `background loop ${event.loop} failed`);
      const isFirst = down.size === 0;
      down.add(event.loop);
      if (isFirst) logger.error(withCause(event), 'database cannot be reached; jobs wait until it is back');
      else logger.debug(withCause(event), `background loop ${event.loop} failed`);
    },
    recovered({ loop, failures }: Event<'loopRecovered'>) {
      if (!down.delete(loop)) return logger.info({ loop, failures }, `background loop ${loop} recovered`);
      // The first that gets through speaks for all; the others come to it within their pauses.
      down.clear();
      // As loud as the line that it ends.
      logger.warn({ loop, failures }, 'database is back');
    },
  };
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
}

/** Under `err`, where the logger knows how to print an error with its stack. */
function withCause({ error, ...rest }: { readonly error: unknown }): object {
  return { ...rest, err: error };
}

function clockSentence({ byMs, isFollowed }: { readonly byMs: number; readonly isFollowed: boolean }): string {
  if (isFollowed) return 'the clock of this machine went ahead, or the machine slept; Bide follows';
  if (byMs < 0) return 'the clock of this machine is behind; Bide goes on by its own and slows down until they agree';
  return 'the clock of this machine is ahead of the data by more than clockJumpMsMax; Bide goes on where the data ends. When the machine is right, start once with --trust-clock';
}
