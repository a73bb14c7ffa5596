/** Why a port could not be listened on, as one sentence that says what to do. Told by the code of the error, never by its text. */
import { BideError } from '../../core/errors.ts';
import { usageError } from '../usage-error.ts';

interface ListenError extends NodeJS.ErrnoException {
  readonly address?: string;
  readonly hostname?: string;
  readonly port?: number;
}

/** The error itself where it is not about listening. */
export function listenFailure(error: unknown): unknown {
  const { code, syscall, address, hostname, port } = (error ?? {}) as ListenError;
  if (syscall !== 'listen' && syscall !== 'getaddrinfo') return error;
  const host = hostname ?? address ?? '';
  switch (code) {
    case 'EADDRINUSE':
      return new BideError('PORT_TAKEN', `Port ${port} on ${host} is in use.`, { host, port }, { cause: error });
    case 'EACCES':
      return usageError(`Port ${port} may not be used by this user: choose one above 1023 with --port.`);
    case 'EADDRNOTAVAIL':
      return usageError(`This machine has no address ${host}: choose one with --host, such as 127.0.0.1 or 0.0.0.0.`);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return usageError(`The host ${host} has no address: choose another with --host, such as 127.0.0.1 or 0.0.0.0.`);
    default:
      return error;
  }
}
