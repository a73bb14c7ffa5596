/** Silent Push: the documented status request, then searches started in each way, polled, held, recalled, refused. */
import { anyInteger, anyText, listOf, oneOf, type Pattern, UUID } from './pattern.ts';
import type { DemoAnswer, Stage, VendorDemo } from './stage.ts';

const EXPLORE = '/api/v1/merge-api/explore';
const FACTS = { query: 'github.com', domain: 'github.com', zone: 'com', packages: anyInteger };

const ok = (response: Pattern): Pattern => ({ status_code: 200, error: null, response });
const refused = (status: number, error: Pattern): Pattern => ({
  status_code: status,
  error,
  errors: [error],
  response: {},
});

export const silentpushDemo: VendorDemo = {
  dialect: 'silentpush',
  title: 'Silent Push',
  async play(stage) {
    const id = await startAndPoll(stage);
    await recall(stage, id);
    await spql(stage);
    await otherEndpoints(stage);
    await lookups(stage);
    await failing(stage);
    await refusals(stage);
  },
};

async function startAndPoll(stage: Stage): Promise<string> {
  const headers = { 'X-API-KEY': stage.key };
  stage.say('A search is started; with prefer=job_id the answer is a job at once.');
  const started = await stage.exchange(
    { path: `${EXPLORE}/domain/search?domain=*.dev&prefer=job_id&limit=5`, headers },
    { status: 200, json: ok({ job_status: statusOf(stage, oneOf('PENDING', 'STARTED'), UUID) }) },
  );
  const id = jobIdIn(started);
  stage.say(
    'The example request of the documentation: status of the running job, or the results of the completed one.',
  );
  await stage.poll({ path: `${EXPLORE}/job/${id}`, headers }, (answer) => !answer.text.includes('job_status'), {
    status: 200,
    json: ok({ records: listOf(domainRow, 1) }),
  });
  return id;
}

async function recall(stage: Stage, id: string): Promise<void> {
  const headers = { 'X-API-KEY': stage.key };
  stage.say('The finished job is recalled with each flag.');
  await stage.exchange(
    { path: `${EXPLORE}/job/${id}?status_only=1`, headers },
    { status: 200, json: ok({ job_status: statusOf(stage, 'SUCCESS', id) }) },
  );
  await stage.exchange(
    { path: `${EXPLORE}/job/${id}?force_metadata_on=1`, headers },
    { status: 200, json: ok({ metadata: metadata('domain/search', 0), records: listOf(domainRow, 1) }) },
  );
  await stage.exchange(
    {
      path: `${EXPLORE}/job//${id}?max_wait=20&status_only=True&force_metadata_on=False&force_metadata_off=False`,
      headers,
    },
    { status: 200, json: ok({ job_status: statusOf(stage, 'SUCCESS', id) }) },
  );
}

async function spql(stage: Stage): Promise<void> {
  const headers = { 'X-API-KEY': stage.key };
  const json = {
    query: 'domain = "*github*" AND license = "MIT"',
    fields: ['package', 'domain'],
    sort: ['package/desc'],
  };
  const row: Pattern = { package: anyText, domain: /github/ };
  stage.say('An SPQL search answers with its rows when they are there within max_wait.');
  const answer = await stage.exchange(
    { method: 'POST', path: `${EXPLORE}/scandata/search/raw?limit=3&skip=1&with_metadata=1`, headers, json },
    {
      status: 200,
      json: ok({ metadata: metadata('scandata/search/raw/_spql', 1), scandata_raw: listOf(row, 3) }),
      check: (answer) => (isSortedDown(answer) ? null : 'the rows are not sorted by package, downwards'),
    },
  );
  const id = String(membersOf(answer, 'metadata').job_id);
  await stage.exchange(
    { path: `${EXPLORE}/job/${id}?force_metadata_off=1`, headers },
    { status: 200, json: ok({ scandata_raw: listOf(row, 3) }) },
  );
  await stage.exchange(
    { method: 'POST', path: '/api/v1/spql-search/?limit=2', headers, json },
    { status: 200, json: { data: listOf(row, 2) } },
  );
}

async function otherEndpoints(stage: Stage): Promise<void> {
  const headers = { 'X-API-KEY': stage.key };
  stage.say('Certificates, passive DNS, look-alikes.');
  await stage.exchange(
    { path: `${EXPLORE}/domain/certificates/digicert.com/?max_wait=2&limit=2&max_wait=20`, headers },
    {
      status: 200,
      json: ok({
        domain_certificates: listOf(
          {
            subject: /DigiCert/i,
            issuer: anyText,
            serial_number: /^[0-9A-F]+$/,
            not_before: anyText,
            not_after: anyText,
            fingerprint_sha256: /^[0-9A-F]{2}(?::[0-9A-F]{2}){31}$/,
          },
          2,
        ),
      }),
    },
  );
  await stage.exchange(
    { path: `${EXPLORE}/padns/lookup/query/a/localhost`, headers },
    { status: 200, json: ok({ records: [{ query: 'localhost', type: 'A', answer: '127.0.0.1' }] }) },
  );
  await stage.exchange(
    { path: `${EXPLORE}/padns/search/typosquat?domain=githib.com&limit=1`, headers },
    {
      status: 200,
      json: ok({
        records: [
          {
            domain: 'github.com',
            package: anyText,
            version: anyText,
            license: anyText,
            scan_date: anyText,
            distance: 1,
          },
        ],
      }),
    },
  );
}

async function lookups(stage: Stage): Promise<void> {
  const headers = { 'X-API-KEY': stage.key };
  stage.say(
    'A connector tests its connection with a WHOIS lookup; a SPQL search as people write it; who the key belongs to.',
  );
  await stage.exchange(
    { path: `${EXPLORE}/domain/whois/github.com`, headers },
    { status: 200, json: ok({ whois: [FACTS] }) },
  );
  const query =
    'datasource = ["webscan"] AND scan_date >= "2000-01-01" AND (license = "MIT" OR license = ["ISC", "BSD*"])';
  await stage.exchange(
    { method: 'POST', path: `${EXPLORE}/scandata/search/raw?limit=2`, headers, json: { query, fields: ['license'] } },
    { status: 200, json: ok({ scandata_raw: listOf({ license: /^(MIT|ISC|BSD)/ }, 2) }) },
  );
  await stage.exchange(
    { path: `${EXPLORE}/enrich/domain/github.com/?format=json`, headers },
    { status: 200, json: ok({ domaininfo: FACTS }) },
  );
  await stage.exchange(
    { path: '/api/v1/me/', headers },
    { status: 200, json: { status_code: 200, error: null, response: { username: anyText }, username: anyText } },
  );
}

async function failing(stage: Stage): Promise<void> {
  const headers = { 'X-API-KEY': stage.key };
  stage.say('A search that fails says so inside of a 200, without a job_status beside it.');
  const error = 'This cannot be read as SPQL at >> 5';
  await stage.exchange(
    { method: 'POST', path: `${EXPLORE}/scandata/search/raw`, headers, json: { query: 'domain = "x" AND >> 5' } },
    { status: 200, json: { status_code: 500, error, response: { error } } },
  );
}

async function refusals(stage: Stage): Promise<void> {
  const headers = { 'X-API-KEY': stage.key };
  const path = `${EXPLORE}/job/d4067541-eafb-424c-98d3-de12d7a91331`;
  stage.say('Refusals keep the envelope.');
  await stage.exchange({ path, headers }, { status: 404, json: refused(404, 'job not found') });
  const error = 'Authorization failed: missing or invalid X-API-KEY';
  await stage.exchange({ path }, { status: 401, json: { status_code: 401, error, errors: [error], response: {} } });
  await stage.exchange(
    { path: `${path}?max_wait=soon`, headers },
    { status: 400, json: refused(400, 'max_wait must be an integer') },
  );
  await stage.exchange(
    { method: 'POST', path: `${EXPLORE}/scandata/search/raw`, headers, body: '{"query":' },
    { status: 415, json: refused(415, anyText) },
  );
  await stage.exchange(
    { method: 'POST', path: `${EXPLORE}/scandata/search/raw`, headers, json: { fields: [] } },
    { status: 400, json: refused(400, 'query is missing') },
  );
}

const domainRow: Pattern = {
  domain: /\.dev$/,
  package: anyText,
  version: anyText,
  license: anyText,
  scan_date: anyText,
};

function statusOf(stage: Stage, status: Pattern, id: string | RegExp): Pattern {
  const get = (value: unknown) => typeof value === 'string' && value.startsWith(`${stage.url}${EXPLORE}/job/`);
  return { get, job_id: id, status };
}

function metadata(queryName: string, withMetadata: 0 | 1): Pattern {
  return {
    job_id: UUID,
    query_name: queryName,
    results_returned: anyInteger,
    results_total_at_least: anyInteger,
    timestamp: (value) => Number.isSafeInteger(value) && Math.abs(Number(value) - Date.now() / 1_000) < 300,
    with_metadata: withMetadata,
  };
}

function membersOf(answer: DemoAnswer, key: string): Readonly<Record<string, unknown>> {
  const body = answer.json as { readonly response?: Readonly<Record<string, unknown>> } | undefined;
  return (body?.response?.[key] ?? {}) as Readonly<Record<string, unknown>>;
}

function jobIdIn(answer: DemoAnswer): string {
  return String(membersOf(answer, 'job_status').job_id);
}

function isSortedDown(answer: DemoAnswer): boolean {
  const rows = membersOf(answer, 'scandata_raw') as unknown as readonly { readonly package: string }[];
  const names = rows.map((row) => row.package);
  return names.join() === names.toSorted((a, b) => b.localeCompare(a)).join();
}
