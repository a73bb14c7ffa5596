/**
 * The client of the native API: everything that one may ask a Bide server, for Node and for browsers alike.
 *
 * Built on `fetch` and nothing else. Calls reject with a `ClientError`; calls that are safe to make twice are tried again while
 * the server is away or busy.
 */
import type { Client } from './client-calls.ts';
import type { JobsOf } from './job-types.ts';
import { operating } from './operating.ts';
import { running } from './running.ts';
import { createTransport, type TransportOptions } from './transport.ts';
import type { TypedClient } from './typed-client.ts';
import { waitingMany } from './waiting-many.ts';
import { working } from './working.ts';

export type { Client } from './client-calls.ts';
export type ClientOptions = TransportOptions;

/**
 * Throws a `ClientError` with code BAD_URL when `url` is not an http(s) URL.
 *
 * `createClient<typeof config>(…)` knows the job types of a config, of which it needs the type alone: `import type config from './bide.config.ts'`.
 */
export function createClient(options: ClientOptions): Client;
export function createClient<Config extends { readonly types: object }>(
  options: ClientOptions,
): TypedClient<JobsOf<Config>>;
export function createClient(options: ClientOptions): Client {
  const transport = createTransport(options);
  const calls = operating(transport);
  return {
    ...calls,
    ...running(calls),
    waitMany: waitingMany(transport),
    work: working(transport),
  };
}
