/**
 * Opens a connection to the host that takes writes, and looks whether what is there is fit for Bide before anybody uses it.
 *
 * - Hosts are asked one after another, the one that was good last first; each has its share of the time, so that one that does not
 *   answer cannot keep the next from being asked.
 * - A standby, or a server that was set to read only, is passed over. Where every host is passed over, the error says why.
 */
import { BideError } from '../../../core/errors.ts';
import { type Client, type ConnectionOptions, clientOf, destroy, within } from './connection.ts';
import { ConnectionLost, driverCodeOf } from './driver-errors.ts';
import { SET_ALL, VITAL_COLUMNS, wrongSettings } from './session-settings.ts';

export interface Opening {
  readonly isPipelined?: boolean;
  /** Called with each client before it connects. */
  readonly watch?: (client: Client) => void;
}

const VERSION_MIN = 140_000;
/** Of a host among several; a server that is there answers in a few ms. */
const HOST_MS_MIN = 1_000;

const LOOK = `SELECT pg_is_in_recovery(), current_setting('transaction_read_only'), current_setting('server_encoding'),
  current_setting('server_version_num')::int, ${VITAL_COLUMNS}`;

/** Rejects with the driver's error, or with a `BideError` where the database is there and cannot be used. */
export async function connect(options: ConnectionOptions, opening: Opening = {}): Promise<Client> {
  const { urls } = options.hosts;
  const failures: unknown[] = [];
  for (const url of urls) {
    const connectMs = Math.max(Math.min(HOST_MS_MIN, options.connectMs), options.connectMs / urls.length);
    try {
      const client = await connectTo({ ...options, connectMs }, url, opening);
      options.hosts.good(url);
      return client;
    } catch (error) {
      failures.push(error);
    }
  }
  throw failureOf(failures);
}

async function connectTo(options: ConnectionOptions, url: string, { isPipelined, watch }: Opening): Promise<Client> {
  const client = clientOf(options, url, isPipelined ?? false);
  watch?.(client);
  // Without a listener the process would end with it; whoever waits for the connection hears of it by the rejection.
  client.on('error', () => {});
  try {
    await client.connect();
    await within(check(client, options), options.connectMs);
    return client;
  } catch (error) {
    destroy(client);
    // What ends a connection that is being made has often no code: it is no fault of ours all the same.
    const isTold = error instanceof BideError || error instanceof ConnectionLost || driverCodeOf(error) !== null;
    throw isTold ? error : new ConnectionLost(false, error);
  }
}

/** A host that can be talked to says more about what is wrong than one that is away. */
function failureOf(failures: readonly unknown[]): unknown {
  if (failures.length === 1) return failures[0];
  const told = failures.find((error) => error instanceof BideError) ?? failures.find((error) => driverCodeOf(error));
  if (!(told instanceof BideError)) return told ?? failures[0];
  return new BideError(told.code, told.message, told.details, { cause: new AggregateError(failures, told.message) });
}

async function check(client: Client, options: ConnectionOptions): Promise<void> {
  const { rows } = await client.query({ text: LOOK, rowMode: 'array' });
  const [isStandby, readOnly, encoding, version, ...values] = rows[0] as [boolean, string, string, number, ...string[]];
  if (version < VERSION_MIN) {
    throw new BideError('CONFIG_INVALID', `PostgreSQL 14 or newer is needed, this is ${Math.floor(version / 10_000)}.`);
  }
  if (encoding !== 'UTF8') throw new BideError('STORE_UNFIT', encodingMessage(encoding));
  if (options.needsWrites) refuseReadOnly(isStandby, readOnly === 'on');
  const wrong = wrongSettings(values);
  if (wrong.length === 0) return;
  if (!options.hasSession) throw new BideError('STORE_UNFIT', roleMessage(wrong));
  await client.query(SET_ALL);
}

function refuseReadOnly(isStandby: boolean, isReadOnly: boolean): void {
  if (isStandby) {
    throw new BideError(
      'STORE_READ_ONLY',
      'The database is a standby, which takes no writes. Name its primary, or all hosts with commas between them.',
    );
  }
  if (!isReadOnly) return;
  throw new BideError(
    'STORE_READ_ONLY',
    'The database is set to read only (default_transaction_read_only), as a former primary may be.',
  );
}

function encodingMessage(encoding: string): string {
  return `The database stores ${encoding} and not UTF8. Make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.`;
}

function roleMessage(wrong: ReturnType<typeof wrongSettings>): string {
  const sets = wrong.map(([name, value]) => `ALTER ROLE … SET ${name} = '${value}'`);
  return `The role of the database has settings under which Bide would go wrong, and a pooler in between keeps it from setting them: ${sets.join('; ')}.`;
}
