/**
 * A search that every machine can serve: the root certificates that Node trusts, by what occurs in them.
 *
 * It takes whatever a search of some API brings along (texts, filters, parameters, a query with texts in quotes) and keeps the
 * certificates in which all of it occurs; of a domain the name before the suffix counts. That is enough to try the flow of a search.
 */
import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';

export interface CertificateRow {
  readonly organization: string;
  readonly country: string;
  readonly common_name: string;
  readonly not_before: string;
  readonly not_after: string;
  readonly serial_number: string;
  readonly fingerprint_sha256: string;
}

/** All certificates that `input` fits, as rows. Any input: one without texts finds all of them. */
export function findCertificates(input: unknown): readonly CertificateRow[] {
  const terms = textsIn(input)
    .map(termOf)
    .filter((term) => term !== '');
  return rootCertificates
    .map((pem) => rowOf(new X509Certificate(pem)))
    .filter((row) => {
      const words = Object.values(row).join('\n').toLowerCase();
      return terms.every((term) => words.includes(term));
    });
}

/** Members that carry what is searched for; all others steer the answer. */
const SEARCHED = ['contains', 'path', 'query', 'body'];

/** Filters about a name. Others, such as an order or a format, are passed over. */
const NAMES: ReadonlySet<string> = new Set(['domain', 'name', 'issuer', 'organization', 'nsname', 'mname']);

function textsIn(input: unknown): readonly string[] {
  if (typeof input !== 'object' || input === null) return [];
  return SEARCHED.flatMap((name) => leavesOf((input as Record<string, unknown>)[name], name));
}

/** Texts at any depth that a search has. `query` inside of a body is a statement, of which the texts in quotes count. */
function leavesOf(value: unknown, name: string, depth = 0): readonly string[] {
  if (typeof value === 'string') return name === 'body.query' ? quotedIn(value) : [value];
  if (typeof value !== 'object' || value === null || depth > 2) return [];
  const members = Object.entries(value).filter(([key]) => isSearched(name, key, Array.isArray(value)));
  return members.flatMap(([key, member]) => leavesOf(member, name === 'body' ? `body.${key}` : name, depth + 1));
}

function isSearched(name: string, key: string, isList: boolean): boolean {
  if (isList) return true;
  if (name === 'body') return key === 'query';
  return name !== 'query' || NAMES.has(key);
}

function quotedIn(statement: string): readonly string[] {
  return [...statement.matchAll(/"([^"]*)"|'([^']*)'/g)].map((match) => match[1] ?? match[2] ?? '');
}

/** `*.digicert.com` is looked for as `digicert`. */
function termOf(text: string): string {
  const labels = text
    .toLowerCase()
    .split(/[.*\s]+/)
    .filter((label) => label !== '');
  return (text.includes('.') ? (labels.at(-2) ?? labels[0]) : labels.join(' ')) ?? '';
}

function rowOf(certificate: X509Certificate): CertificateRow {
  const names = new Map(certificate.subject.split('\n').map((line) => splitAt(line, '=')));
  return {
    organization: names.get('O') ?? '',
    country: names.get('C') ?? '',
    common_name: names.get('CN') ?? names.get('OU') ?? '',
    not_before: new Date(certificate.validFrom).toISOString(),
    not_after: new Date(certificate.validTo).toISOString(),
    serial_number: certificate.serialNumber,
    fingerprint_sha256: certificate.fingerprint256,
  };
}

function splitAt(line: string, mark: string): readonly [string, string] {
  const at = line.indexOf(mark);
  return at === -1 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
}
