/** Logging as one subscriber of telemetry: what an operator wants to read, at the level he would give it. */
import type { TelemetryEvent } from '../engine/telemetry.ts';
import type { Logger } from '../http/log.ts';

/** Events by level; those that are not named are for metrics alone, being too many for a log. */
export function logTelemetry(logger: Logger): (event: TelemetryEvent) => void {
  return (event) => {
    switch (event.kind) {
      case 'jobFinished':
        return logger.debug(event, `job ${event.state}`);
      case 'jobRetried':
        return logger.info(event, 'attempt failed, tried again later');
      case 'typeRests':
        return logger.warn(event, 'attempts cannot be started on this machine; given back, tried again later');
      case 'jobLogged':
        return logger.info({ id: event.id, type: event.type }, event.line);
      case 'attemptLost':
        return logger.warn(event, 'lease lost, work dropped');
      case 'attemptAbandoned':
        return logger.warn(event, 'handler ignored its signal, abandoned');
      case 'outcomeDropped':
        return logger.error(withCause(event), 'outcome of an attempt could not be stored; the job runs again');
      case 'deliveryFailed':
        return logger.warn(event, event.isGivenUp ? 'callback given up' : 'callback failed, tried again later');
      case 'clockAligned':
        return logger.debug(event, 'clock aligned to the store');
      case 'loopFailed':
        return logger.error(withCause(event), `background loop ${event.loop} failed`);
      case 'loopRecovered':
        return logger.info(event, `background loop ${event.loop} recovered`);
      case 'internalError':
        return logger.error(withCause(event), `internal error in ${event.where}`);
      default:
        return undefined;
    }
  };
}

/** Under `err`, where the logger knows how to print an error with its stack. */
function withCause({ error, ...rest }: { readonly error: unknown }): object {
  return { ...rest, err: error };
}
