/**
 * The address under which a caller sees this server, for links in bodies.
 *
 * The configured public URL wins. Otherwise the Host header is taken, but only in the form of a host name or address with an optional
 * port: whatever else a client puts there would end up in a link that somebody follows.
 */
import type { IncomingMessage } from 'node:http';

const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** Without a trailing slash. */
export function publicUrlOf(request: IncomingMessage, configured: string | null): string {
  if (configured !== null) return configured;
  const host = request.headers.host;
  const scheme = 'encrypted' in request.socket && request.socket.encrypted === true ? 'https' : 'http';
  if (host !== undefined && HOST.test(host)) return `${scheme}://${host}`;
  return `${scheme}://${localHost(request)}`;
}

/** The host name of a Host header in lower case and without its port; null when there is none that could be one. */
export function hostNameOf(header: string | undefined): string | null {
  if (header === undefined || !HOST.test(header)) return null;
  return header.replace(/:\d{1,5}$/, '').toLowerCase();
}

function localHost({ socket }: IncomingMessage): string {
  const address = socket.localAddress ?? '127.0.0.1';
  const host =
    address.includes(':') && !address.startsWith('::ffff:') ? `[${address}]` : address.replace('::ffff:', '');
  return socket.localPort === undefined ? host : `${host}:${socket.localPort}`;
}
