/**
 * Silent Push on data that every checkout has: the domains behind the installed packages, the certificates that Node trusts,
 * and the resolver of this machine.
 *
 * Each handler gets the search as the dialect hands it on: the endpoint, parameters of the path, filters, the SPQL search, and the page.
 */
import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { globSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { PermanentError } from 'bide';
import { isLike, spqlFilter } from './spql.ts';

interface Search {
  readonly endpoint: string;
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, readonly string[]>>;
  readonly body: {
    readonly query: string;
    readonly fields: readonly string[] | null;
    readonly sort: readonly string[];
  } | null;
  readonly limit: number;
  readonly skip: number;
}

interface Progress {
  progress(percent: number, message?: string): void;
}

type Row = Readonly<Record<string, string | number | null>>;

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** `domain/search` and SPQL: which domains stand behind which of the installed packages. */
export async function packageDomains(search: Search, context: Progress): Promise<readonly Row[]> {
  const rows = await domainRows(context);
  const holds = search.body === null ? () => true : spqlFilter(search.body.query);
  // One source stands behind this example, whichever of the vendor's is named.
  const sources = ['webscan', 'whois', 'services', 'torscan'];
  const found = rows
    .filter((row) => sources.some((datasource) => holds({ ...row, datasource })))
    .filter((row) => matches(row, search.query));
  return picked(sorted(found, search.body?.sort ?? []), search.body?.fields ?? null);
}

/** `padns/search/typosquat`: domains that differ from the given one by one or two letters. */
export async function lookAlikes(search: Search, context: Progress): Promise<readonly Row[]> {
  const [domain = ''] = search.query.domain ?? [];
  const rows = await domainRows(context);
  const near = rows.map((row) => ({ ...row, distance: distance(String(row.domain), domain) }));
  return near.filter((row) => row.distance > 0 && row.distance <= 2);
}

/** `domain/certificates`: root certificates that Node trusts and that name the domain, or its first label. */
export function certificates(search: Search): { readonly rows: readonly Row[]; readonly total: number } {
  const domain = search.path.domain ?? '';
  const [label = ''] = domain.split('.');
  const rows = rootCertificates
    .map((pem) => new X509Certificate(pem))
    .filter(({ subject }) => label !== '' && subject.toLowerCase().includes(label.toLowerCase()))
    .map(certificateRow);
  return { rows: rows.slice(search.skip, search.skip + search.limit), total: rows.length };
}

/** `padns/lookup/query`: what the resolver of this machine answers. */
export async function addresses(search: Search): Promise<readonly Row[]> {
  const { qtype = 'a', qname = '' } = search.path;
  const family = qtype.toLowerCase() === 'aaaa' ? 6 : 4;
  const found = await lookup(qname, { all: true, family });
  return found.map(({ address }) => ({ query: qname, type: qtype.toUpperCase(), answer: address }));
}

/** What the reads that answer at once get: parameters of the path, or a list in the body. */
interface Lookup {
  readonly endpoint: string;
  readonly path: Readonly<Record<string, string>>;
  readonly body: { readonly domains?: unknown } | null;
}

/** `domain/whois` and `domain/whoislive`: what the installed packages say of a domain. */
export async function whois(lookup: Lookup, context: Progress): Promise<object> {
  const facts = (await factsOf(context))(lookup.path.domain ?? '');
  return lookup.endpoint === 'domain/whoislive' ? { whois_live: facts } : [facts];
}

/** `domain/domaininfo` and `enrich`: the same of one domain; `bulk/domaininfo`: of each in the body. */
export async function domainInfo(lookup: Lookup, context: Progress): Promise<object> {
  const facts = await factsOf(context);
  const { domain, value = '' } = lookup.path;
  const named = lookup.body?.domains;
  if (named !== undefined && !Array.isArray(named)) throw new PermanentError('domains must be a list of domains');
  return { domaininfo: named === undefined ? facts(domain ?? value) : named.map((each) => facts(String(each))) };
}

async function factsOf(context: Progress): Promise<(domain: string) => Row> {
  const packages = new Map<string, number>();
  for (const { domain } of await domainRows(context))
    packages.set(String(domain), (packages.get(String(domain)) ?? 0) + 1);
  return (domain) => ({
    query: domain,
    domain,
    zone: domain.split('.').at(-1) ?? '',
    packages: packages.get(domain) ?? 0,
  });
}

export const silentpushTypes = {
  // A search that cannot be read now cannot be read later either.
  'package-domains': { run: packageDomains, retry: { attempts: 1 } },
  'look-alikes': { run: lookAlikes },
  certificates: { run: certificates },
  addresses: { run: addresses, retry: { attempts: 1 } },
  whois: { run: whois },
  'domain-info': { run: domainInfo },
};

export const silentpushOptions = {
  endpoints: {
    'domain/search': { type: 'package-domains' },
    'scandata/search/raw': { type: 'package-domains' },
    'spql/search': { type: 'package-domains' },
    'spql-search': { type: 'package-domains' },
    'domain/certificates': { type: 'certificates' },
    'padns/search/typosquat': { type: 'look-alikes' },
    'padns/lookup/query': { type: 'addresses' },
    'domain/whois': { type: 'whois' },
    'domain/whoislive': { type: 'whois' },
    'domain/domaininfo': { type: 'domain-info' },
    'bulk/domaininfo': { type: 'domain-info' },
    enrich: { type: 'domain-info' },
  },
};

/** One row per domain and package, from the addresses in the packages' manifests. */
async function domainRows(context: Progress): Promise<readonly Row[]> {
  const manifests = globSync(['node_modules/*/package.json', 'node_modules/@*/*/package.json'], { cwd: ROOT }).sort();
  const rows: Row[] = [];
  for (const [index, path] of manifests.entries()) {
    const [text, { mtime }] = await Promise.all([readFile(`${ROOT}${path}`, 'utf8'), stat(`${ROOT}${path}`)]);
    rows.push(...rowsOf(text, mtime.toISOString().slice(0, 19).replace('T', ' ')));
    context.progress((100 * (index + 1)) / manifests.length, path);
  }
  return rows;
}

function rowsOf(text: string, scannedAt: string): readonly Row[] {
  const { name, version, license, homepage, repository, bugs } = JSON.parse(text) as Record<string, unknown>;
  const domains = new Set([homepage, addressIn(repository), addressIn(bugs)].map(domainOf));
  return [...domains].flatMap((domain) =>
    domain === null
      ? []
      : [
          {
            domain,
            package: String(name),
            version: String(version),
            license: String(license ?? ''),
            scan_date: scannedAt,
          },
        ],
  );
}

function addressIn(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'url' in value ? value.url : value;
}

function domainOf(address: unknown): string | null {
  const url = typeof address === 'string' ? URL.parse(address.replace(/^git\+/, '')) : null;
  return url === null || url.hostname === '' ? null : url.hostname;
}

/** Filters of one name are alternatives, filters of several names must all hold; what no row has is no filter. */
function matches(row: Row, query: Search['query']): boolean {
  return Object.entries(query).every(
    ([name, patterns]) => !Object.hasOwn(row, name) || patterns.some((pattern) => isLike(row[name], pattern)),
  );
}

function sorted(rows: readonly Row[], sort: readonly string[]): readonly Row[] {
  const keys = sort.map((key) => ({ field: key.slice(0, key.lastIndexOf('/')), sign: key.endsWith('/desc') ? -1 : 1 }));
  return rows.toSorted((a, b) => {
    for (const { field, sign } of keys) {
      const order = String(a[field] ?? '').localeCompare(String(b[field] ?? ''));
      if (order !== 0) return sign * order;
    }
    return 0;
  });
}

function picked(rows: readonly Row[], fields: readonly string[] | null): readonly Row[] {
  if (fields === null) return rows;
  return rows.map((row) => Object.fromEntries(fields.map((field) => [field, row[field] ?? null])));
}

function certificateRow(certificate: X509Certificate): Row {
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    serial_number: certificate.serialNumber,
    not_before: certificate.validFrom,
    not_after: certificate.validTo,
    fingerprint_sha256: certificate.fingerprint256,
  };
}

function oneLine(name: string): string {
  return name.split('\n').join(', ');
}

/** Edits that make one text of the other. */
function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [row, letter] of [...a].entries()) {
    const line = [row + 1];
    for (const [column, other] of [...b].entries()) {
      const replaced = (above[column] ?? 0) + (letter === other ? 0 : 1);
      line.push(Math.min(replaced, (above[column + 1] ?? 0) + 1, (line[column] ?? 0) + 1));
    }
    above = line;
  }
  return above[b.length] ?? 0;
}
