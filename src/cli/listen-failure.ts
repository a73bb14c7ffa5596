/** Why a port could not be listened on, as one sentence that says what to do. Told by the code of the error, never by its text. */
import { BideError } from '../core/errors.ts';
import { usageError } from './usage-error.ts';

interface Wanted {
  readonly host: string;
  readonly port: number;
}

/** The error itself where it is not about listening. */
export function listenFailure(error: unknown, { host, port }: Wanted): unknown {
  const { code, port: failed } = (error ?? {}) as NodeJS.ErrnoException & { readonly port?: number };
  // A dialect may have a port of its own: the error knows which one it was.
  const at = failed ?? port;
  switch (code) {
    case 'EADDRINUSE':
      return new BideError('PORT_TAKEN', `Port ${at} on ${host} is in use.`, { host, port: at }, { cause: error });
    case 'EACCES':
      return usageError(`Port ${at} may not be used by this user: choose one above 1023 with --port.`);
    case 'EADDRNOTAVAIL':
      return usageError(`This machine has no address ${host}: choose one with --host, such as 127.0.0.1 or 0.0.0.0.`);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return usageError(`The host ${host} has no address: choose another with --host, such as 127.0.0.1 or 0.0.0.0.`);
    default:
      return error;
  }
}
