/**
 * The vendor's wire: endpoints, parameters and bodies, spelled as the vendor spells them.
 *
 * Keys of bodies are declared in the order in which they are sent: every capture has them sorted, `metadata` before the rows.
 */
import { type Static, Type } from 'typebox';

export const ROOT = '/api/v1/merge-api';

/** Celery's words. The vendor's backend is Celery, and sends no word that Celery does not have. */
export const STATUS_WORDS = [
  'PENDING',
  'RECEIVED',
  'STARTED',
  'RETRY',
  'SUCCESS',
  'FAILURE',
  'REVOKED',
  'REJECTED',
  'IGNORED',
] as const;
export type StatusWord = (typeof STATUS_WORDS)[number];

/** Seconds that a request is held: at most this, and as long as this unless the caller says less. */
export const MAX_WAIT_SECONDS = 25;

/** Rows in an answer where the caller names no limit. */
export const LIMIT_DEFAULT = 100;

/** How long the vendor keeps a result to be recalled by its job id. */
export const RETAIN_MS = 30 * 24 * 3_600_000;

export const JobStatus = Type.Object({
  get: Type.String(),
  job_id: Type.String(),
  status: Type.Unsafe<StatusWord>(Type.Enum([...STATUS_WORDS])),
});
export type JobStatus = Static<typeof JobStatus>;

/** Exactly these six, sorted. */
export const Metadata = Type.Object({
  job_id: Type.String(),
  query_name: Type.String(),
  results_returned: Type.Integer(),
  results_total_at_least: Type.Integer(),
  /** Unix seconds. */
  timestamp: Type.Integer(),
  with_metadata: Type.Union([Type.Literal(0), Type.Literal(1)]),
});
export type Metadata = Static<typeof Metadata>;

/** `response` is an object on every answer, errors included: clients iterate it. */
export const Envelope = Type.Object(
  {
    status_code: Type.Integer(),
    error: Type.Union([Type.Null(), Type.String()]),
    errors: Type.Optional(Type.Array(Type.String())),
    response: Type.Object({}, { additionalProperties: true }),
  },
  { additionalProperties: false },
);
export type Envelope = Static<typeof Envelope>;

/** The body of an SPQL search. Other members are let pass: clients send some. */
export const SpqlBody = Type.Object({
  query: Type.String({ minLength: 1 }),
  fields: Type.Optional(Type.Union([Type.Null(), Type.Array(Type.String())])),
  sort: Type.Optional(Type.Union([Type.Null(), Type.Array(Type.String())])),
});
export type SpqlBody = Static<typeof SpqlBody>;

/** What an SPQL search is sorted by when it does not say. */
export const SPQL_SORT_DEFAULT = ['scan_date/desc', 'domain/asc'];

export type EndpointName = StartingName | ReadName;

export type StartingName =
  | 'scandata/search/raw'
  | 'spql/search'
  | 'spql-search'
  | 'domain/search'
  | 'domain/certificates'
  | 'padns/lookup/query'
  | 'padns/lookup/answer'
  | 'padns/lookup/both'
  | 'padns/search/typosquat'
  | 'padns/search/soa'
  | 'padns/search/ipdiversity';

/** One endpoint that starts a job. */
export interface StartingEndpoint {
  readonly name: StartingName;
  readonly method: 'GET' | 'POST';
  /** Segments in braces are parameters. */
  readonly path: string;
  readonly resultKey: string;
  readonly queryName: string;
  readonly purpose: string;
}

const EXPLORE = `${ROOT}/explore`;

export const JOB_PATH = `${EXPLORE}/job/{job_id}`;
export const ME_PATH = '/api/v1/me';

export const STARTING_ENDPOINTS: readonly StartingEndpoint[] = [
  {
    name: 'scandata/search/raw',
    method: 'POST',
    path: `${EXPLORE}/scandata/search/raw`,
    resultKey: 'scandata_raw',
    queryName: 'scandata/search/raw/_spql',
    purpose: 'SPQL search',
  },
  {
    name: 'spql/search',
    method: 'POST',
    path: `${EXPLORE}/spql/search`,
    resultKey: 'scandata_raw',
    queryName: 'scandata/search/raw/_spql',
    purpose: 'SPQL search under its newer name',
  },
  {
    name: 'spql-search',
    method: 'POST',
    path: '/api/v1/spql-search',
    resultKey: 'data',
    queryName: 'scandata/search/raw/_spql',
    purpose: 'SPQL search outside of the merge API: rows at the top level, no envelope',
  },
  started('domain/search', 'domain/search', 'records', 'Search for domains'),
  {
    ...started(
      'domain/certificates',
      'domain/certificates/{domain}',
      'domain_certificates',
      'Certificates of a domain',
    ),
    queryName: 'certdb/certificates',
  },
  started('padns/lookup/query', 'padns/lookup/query/{qtype}/{qname}', 'records', 'Passive DNS by query'),
  started('padns/lookup/answer', 'padns/lookup/answer/{qtype}/{qname}', 'records', 'Passive DNS by answer'),
  started('padns/lookup/both', 'padns/lookup/both/{qtype}/{q}/{answer}', 'records', 'Passive DNS by query and answer'),
  started('padns/search/typosquat', 'padns/search/typosquat', 'records', 'Search for look-alike domains'),
  started('padns/search/soa', 'padns/search/soa', 'records', 'Search by SOA record'),
  started('padns/search/ipdiversity', 'padns/search/ipdiversity', 'records', 'Search by diversity of addresses'),
];

function started(name: StartingName, path: string, resultKey: string, purpose: string): StartingEndpoint {
  return { name, method: 'GET', path: `${EXPLORE}/${path}`, resultKey, queryName: name, purpose };
}

export type ReadName = (typeof READS)[number][1] | 'live-scan/scan-on-demand/query';

/** One endpoint that answers at once and never names a job. */
export interface ReadEndpoint {
  readonly name: ReadName;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Other spellings of the path. */
  readonly morePaths?: readonly string[];
  /** Where a list goes; an object is the response itself. */
  readonly resultKey: string;
  readonly purpose: string;
}

/** Method, name, what follows the name in the path, and the key of a list: the one under which recorded answers have it. */
const READS = [
  ['GET', 'domain/whois', '/{domain}', 'whois', 'WHOIS of a domain; a connector tests its connection with it'],
  ['GET', 'domain/whoislive', '/{domain}', 'whois_live', 'WHOIS of a domain, asked now'],
  ['GET', 'domain/domaininfo', '/{domain}', 'domaininfo', 'Facts about a domain'],
  ['GET', 'domain/infratag', '/{domain}', 'infratags', 'Infrastructure tags of one domain'],
  ['GET', 'enrich', '/{resource}/{value}', 'enrichment', 'All that is known of a domain or an address'],
  ['GET', 'padns/lookup/density', '/{qtype}/{query}', 'records', 'How many names share something'],
  ['GET', 'padns/lookup/ipdiversity', '/{qtype}/{query}', 'records', 'How many addresses a name had'],
  ['GET', 'padns/lookup/domain/asns', '/{domain}', 'records', 'Networks that a domain was seen in'],
  ['GET', 'ipreputation/history/ipv4', '/{ipv4}', 'ip_reputation_history', 'Reputation of an address'],
  ['GET', 'ipreputation/history/subnet', '/{subnet}', 'subnet_reputation_history', 'Reputation of a subnet'],
  ['GET', 'ipreputation/history/asn', '/{asn}', 'asn_reputation_history', 'Reputation of a network'],
  [
    ...(['GET', 'nsreputation/history/nameserver', '/{nameserver}'] as const),
    ...(['ns_server_reputation_history', 'Reputation of a name server'] as const),
  ],
  [
    ...(['GET', 'nsreputation/nameserver', '/{nameserver}'] as const),
    ...(['ns_server_reputation', 'Reputation of a name server, under its older name'] as const),
  ],
  ['GET', 'takedownreputation/history/asn', '/{asn}', 'takedown_reputation_history', 'How fast a network takes down'],
  [
    ...(['GET', 'takedownreputation/asn', '/{asn}'] as const),
    ...(['takedown_reputation', 'How fast a network takes down, under its older name'] as const),
  ],
  ['GET', 'tools/scanondemand', '', 'scan', 'Scans an address now'],
  ['GET', 'tools/screenshotondemand', '', 'screenshot', 'Takes a screenshot now'],
  ['POST', 'bulk/domaininfo', '', 'domaininfo', 'Facts about domains'],
  ['POST', 'bulk/domain/riskscore', '', 'riskscore', 'Risk scores of domains'],
  ['POST', 'bulk/domain/infratags', '', 'infratags', 'Infrastructure tags of domains'],
  ['POST', 'bulk/ip2asn', '/{resource}', 'ip2asn', 'Networks of addresses'],
  ['POST', 'bulk/summary', '/{resource}', 'summary', 'What is known of domains or addresses, in short'],
] as const;

export const READ_ENDPOINTS: readonly ReadEndpoint[] = [
  ...READS.map(([method, name, rest, resultKey, purpose]) => ({
    method,
    name,
    resultKey,
    purpose,
    path: `${EXPLORE}/${name}${rest}`,
    // Some connectors write a subnet with its slash as it is: `192.0.2.0/24` is two segments then.
    ...(rest === '/{subnet}' ? { morePaths: [`${EXPLORE}/${name}/{subnet}/{bits}`] } : {}),
  })),
  {
    name: 'live-scan/scan-on-demand/query',
    method: 'GET',
    path: '/api/v2/live-scan/scan-on-demand/query',
    morePaths: ['/api/v1/live-scan'],
    resultKey: 'scan',
    purpose: 'Scans an address now, under its newer name',
  },
];
