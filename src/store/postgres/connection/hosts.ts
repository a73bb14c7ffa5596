/**
 * The hosts of one database, as libpq writes them: `postgresql://user@a:5432,b:5432/db`, or `?host=a,b&port=5432,5433`. The driver
 * takes one host, so each gets a URL of its own, and `connect.ts` looks for the one that takes writes.
 *
 * All connections of a store share what they found: the host that was good last is tried first, and when one connection
 * learns that its host takes no writes any more, the others leave it too. Reads of a former primary would be of the past.
 */
import { BideError } from '../../../core/errors.ts';

export interface Hosts {
  /** One URL per host, the one that was good last first. */
  readonly urls: readonly string[];
  /** Settings for the session that the URL asks for, as libpq's `options`. */
  readonly settings: string;
  /** Goes up when a primary turns out to be none any more: connections made before are not to be used. */
  readonly generation: number;
  good(url: string): void;
  /** @param generation that of the connection that learnt it */
  moved(generation: number): void;
}

const HOSTS_MAX = 16;
/** Scheme, user and password, hosts, path, parameters. */
const PARTS = /^(postgres(?:ql)?:\/\/)((?:[^/?#]*@)?)([^/?#@]*)([^?#]*)(?:\?([^#]*))?/i;
/** What libpq may be asked for. Bide writes, so `any` means the same here. */
const ATTRIBUTES: ReadonlySet<string> = new Set(['any', 'read-write', 'primary']);

/** Throws CONFIG_INVALID where the hosts cannot be made out. */
export function hostsOf(url: string): Hosts {
  const { urls, settings } = splitUrl(url);
  let generation = 0;
  let first = urls[0] as string;
  return {
    get urls() {
      return [first, ...urls.filter((one) => one !== first)];
    },
    settings,
    get generation() {
      return generation;
    },
    good(one) {
      first = one;
    },
    moved(of) {
      if (of === generation) generation += 1;
    },
  };
}

function splitUrl(url: string): { readonly urls: readonly string[]; readonly settings: string } {
  const parts = PARTS.exec(url);
  // A socket's path, or nothing that the driver understands: it will say.
  if (parts === null) return { urls: [url], settings: '' };
  const [, scheme = '', user = '', authority = '', path = '', query = ''] = parts;
  const parameters = new URLSearchParams(query);
  refuseStandbys(parameters);
  const settings = parameters.get('options') ?? '';
  const places = placesOf(authority, parameters);
  for (const name of ['options', 'host', 'port']) if (name === 'options' || places !== null) parameters.delete(name);
  const rest = parameters.size === 0 ? '' : `?${parameters}`;
  const urls = (places ?? [authority]).map((place) => `${scheme}${user}${place}${path}${rest}`);
  if (urls.length <= HOSTS_MAX) return { urls, settings };
  throw new BideError('CONFIG_INVALID', `The database URL names ${urls.length} hosts; ${HOSTS_MAX} is the most.`);
}

/** Null where the parameters name one host, such as a socket's folder, which stays as it is. */
function placesOf(authority: string, parameters: URLSearchParams): readonly string[] | null {
  const host = parameters.get('host');
  if (host !== null && !host.includes(',')) return null;
  if (host === null) return authority.split(',');
  const ports = (parameters.get('port') ?? '').split(',');
  const hosts = host.split(',');
  if (ports.length > 1 && ports.length !== hosts.length) {
    throw new BideError('CONFIG_INVALID', `The database URL names ${hosts.length} hosts and ${ports.length} ports.`);
  }
  return hosts.map((one, index) => {
    const port = ports[ports.length === 1 ? 0 : index] ?? '';
    return `${one.includes(':') ? `[${one}]` : encodeURIComponent(one)}${port === '' ? '' : `:${port}`}`;
  });
}

function refuseStandbys(parameters: URLSearchParams): void {
  const wanted = parameters.get('target_session_attrs') ?? 'any';
  for (const name of ['target_session_attrs', 'load_balance_hosts']) parameters.delete(name);
  if (ATTRIBUTES.has(wanted)) return;
  throw new BideError(
    'CONFIG_INVALID',
    `Bide writes, so target_session_attrs must be read-write or primary, not ${wanted.slice(0, 40)}.`,
  );
}
