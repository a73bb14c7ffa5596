/** Silent Push under the suite of all dialects, and what of it needs a server and is the vendor's alone. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  complaintAboutJson,
  createWorker,
  type DialectAdapter,
  jsonOf,
  memberOf,
  openRig,
  type Rig,
  stageJob,
  TEST_TYPE,
  testDialect,
} from '../contract-suite.ts';
import { silentpush } from './index.ts';
import type { SilentpushOptions } from './options.ts';
import { Envelope, ME_PATH, READ_ENDPOINTS, ROOT, STARTING_ENDPOINTS } from './wire.ts';

type Claimed = Awaited<ReturnType<ReturnType<typeof createWorker>['claim']>>;

const JOB = `${ROOT}/explore/job`;
const SEARCH = `${ROOT}/explore/scandata/search/raw`;

const adapter: DialectAdapter<SilentpushOptions> = {
  options: {
    endpoints: Object.fromEntries(STARTING_ENDPOINTS.map(({ name }) => [name, { type: TEST_TYPE }])),
    maxWait: 'clamp',
    unknownJobs: 'notFound',
  },
  credentials: (key) => ({ 'x-api-key': key }),
  start: { method: 'GET', path: `${ROOT}/explore/domain/search?domain=*.example.org&prefer=job_id` },
  withBody: { method: 'POST', path: `${SEARCH}?prefer=job_id`, json: { query: 'domain = "example.org"' } },
  started: (answer) => memberOf(answer, ['response', 'job_status', 'job_id']) as string | undefined,
  read: ({ id }) => ({ method: 'GET', path: `${JOB}/${id}?status_only=1` }),
  word: (answer) => memberOf(answer, ['response', 'job_status', 'status']) as string | undefined,
  unknown(answer) {
    assert.equal(answer.status, 404);
    assert.equal(answer.text, '{"status_code":404,"error":"job not found","errors":["job not found"],"response":{}}');
  },
  hold: ({ id }, seconds) => ({ method: 'GET', path: `${JOB}/${id}?status_only=1&max_wait=${seconds}` }),
  readings: () => ({
    requests: ({ id }) =>
      ['', '?force_metadata_on=1', '?max_wait=0'].map((query) => ({ method: 'GET', path: `${JOB}/${id}${query}` })),
  }),
  cancel: null,
  refused: [
    { title: 'a search without a body', request: { method: 'POST', path: SEARCH }, status: 400 },
    { title: 'a search that is not JSON', request: { method: 'POST', path: SEARCH, body: '{"query":' }, status: 400 },
    { title: 'a search without a query', request: { method: 'POST', path: SEARCH, json: { fields: [] } }, status: 400 },
    { title: 'a query that is no text', request: { method: 'POST', path: SEARCH, json: { query: 5 } }, status: 400 },
    { title: 'a list as body', request: { method: 'POST', path: SEARCH, json: [] }, status: 400 },
    {
      title: 'a form as body',
      request: {
        method: 'POST',
        path: SEARCH,
        body: 'query=x',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
      status: 415,
    },
    { title: 'max_wait that is no integer', request: { method: 'GET', path: `${JOB}/x?max_wait=1.5` }, status: 400 },
    { title: 'a flag that is none', request: { method: 'GET', path: `${JOB}/x?status_only=perhaps` }, status: 400 },
    { title: 'an id of the wrong form', request: { method: 'GET', path: `${JOB}/d4067541` }, status: 404 },
    { title: 'an encoded slash in an id', request: { method: 'GET', path: `${JOB}/..%2F..%2Fme` }, status: 404 },
    { title: 'dots for an id', request: { method: 'GET', path: `${JOB}/%2e%2e` }, status: 404 },
    {
      title: 'prefer that is neither word',
      request: { method: 'GET', path: `${ROOT}/explore/domain/search?prefer=both` },
      status: 400,
    },
    {
      title: 'a limit below zero',
      request: { method: 'GET', path: `${ROOT}/explore/domain/search?limit=-1` },
      status: 400,
    },
  ],
  complaint(answer, request) {
    const isMe = request.path.startsWith(ME_PATH) && answer.status === 200;
    const isUnwrapped = request.path.includes('/spql-search') && answer.status === 200;
    if (isMe || isUnwrapped) return answer.text.startsWith('{') ? null : `the body is no object: ${answer.text}`;
    const complaint = complaintAboutJson(answer, Envelope);
    if (complaint !== null || answer.status === 200) return complaint;
    const code = memberOf(answer, ['status_code']);
    return code === answer.status ? null : `status_code is ${code}, the HTTP status ${answer.status}`;
  },
  fuzz: {
    query: {
      max_wait: ['0', '25', '-5', '99', '1.5', '', 'x'],
      status_only: ['0', '1', 'True', 'false', 'perhaps'],
      force_metadata_on: ['0', '1', 'True'],
      force_metadata_off: ['0', '1', 'False'],
      prefer: ['job_id', 'result', 'x'],
      with_metadata: ['0', '1', 'True', '1?limit=2'],
      limit: ['0', '1', '10000', '-1', 'x'],
      skip: ['0', '5', '-1'],
      sort: ['last_seen/desc&sort=first_seen/asc'],
    },
    bodies: [{ query: 'domain = "example.org"', fields: ['domain'], sort: ['scan_date/desc', 'domain'] }],
  },
  golden: new URL('./golden/', import.meta.url),
};

testDialect(silentpush, adapter);

describe('Silent Push serves searches', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig(silentpush, adapter);
  });
  after(() => rig.close());
  const get = (path: string) => rig.send({ method: 'GET', path });

  it('a result too large to be kept with the job is read back whole', async () => {
    const rows = Array.from({ length: 3_000 }, (_, index) => ({ domain: `host${index}.example.org`, rank: index }));
    const { job } = await stageJob(rig, 'succeeded', { result: rows });
    assert.deepEqual(memberOf(await get(`${JOB}/${job.id}`), ['response', 'records']), rows);
  });

  it('a result that is not JSON is one row', async () => {
    const started = await get(`${ROOT}/explore/domain/search?prefer=job_id`);
    const worker = createWorker(rig.engine, rig.tenant);
    await worker.succeedWith(await worker.claim(TEST_TYPE), 'text/csv', Buffer.from('a,b\n1,2\n'));
    const records = memberOf(await get(`${JOB}/${adapter.started(started)}`), ['response', 'records']);
    assert.deepEqual(records, [{ content_base64: 'YSxiCjEsMgo=', content_type: 'text/csv' }]);
  });

  it('the handler gets the search, and the job is kept for 30 days', async () => {
    const body = { query: 'domain = "example.org"', fields: [], sort: ['domain'] };
    const path = `${SEARCH}?prefer=job_id&limit=7&skip=1&nsname=a&nsname=b`;
    const id = adapter.started(await rig.send({ method: 'POST', path, json: body })) ?? '';
    assert.deepEqual(JSON.parse((await rig.engine.readInput(rig.tenant, id)) ?? ''), {
      endpoint: 'scandata/search/raw',
      path: {},
      query: { nsname: ['a', 'b'] },
      body: { query: 'domain = "example.org"', fields: null, sort: ['domain/asc'] },
      limit: 7,
      skip: 1,
    });
    const [lookup] = await rig.engine.read(rig.tenant, [id]);
    assert.equal(lookup?.kind === 'found' && lookup.snapshot.job.retainMs, 30 * 86_400_000);
  });

  it('a HEAD on a starting endpoint starts nothing', async () => {
    const before = await rig.engine.count({ tenant: rig.tenant });
    const answer = await rig.send({ method: 'HEAD', path: `${ROOT}/explore/domain/search` });
    assert.equal(answer.status, 405);
    assert.deepEqual(await rig.engine.count({ tenant: rig.tenant }), before);
  });

  it('an address in a body is made of a valid Host header only', async () => {
    const { job } = await stageJob(rig, 'queued');
    const getUnder = async (host: string) => {
      const answer = await rig.send({ method: 'GET', path: `${JOB}/${job.id}?max_wait=0`, headers: { host } });
      return memberOf(answer, ['response', 'job_status', 'get']);
    };
    assert.equal(await getUnder('jobs.example.org:8443'), `http://jobs.example.org:8443/silentpush${JOB}/${job.id}`);
    assert.equal(await getUnder('evil.example/"><script>'), `${rig.url}${JOB}/${job.id}`);
  });
});

describe('Silent Push options', () => {
  const withRig = async (
    options: Partial<SilentpushOptions>,
    publicUrl: string | undefined,
    use: (rig: Rig) => Promise<void>,
  ) => {
    const changed = { ...adapter, options: { ...adapter.options, ...options } };
    const rig = await openRig(silentpush, changed, publicUrl === undefined ? {} : { publicUrl });
    await use(rig).finally(rig.close);
  };
  const UNKNOWN = `${JOB}/d4067541-eafb-424c-98d3-de12d7a91331`;

  it('unknownJobs pending says PENDING of any id, and still 404 of what is none', () =>
    withRig({ unknownJobs: 'pending' }, undefined, async (rig) => {
      const answer = await rig.send({ method: 'GET', path: UNKNOWN });
      assert.equal(adapter.word(answer, { id: '', number: 0 }), 'PENDING');
      assert.equal((await rig.send({ method: 'GET', path: `${JOB}/x` })).status, 404);
    }));

  it('maxWait refuse answers 400 to a wait out of range', () =>
    withRig({ maxWait: 'refuse' }, undefined, async (rig) => {
      assert.equal((await rig.send({ method: 'GET', path: `${UNKNOWN}?max_wait=26` })).status, 400);
      assert.equal((await rig.send({ method: 'GET', path: `${UNKNOWN}?max_wait=25` })).status, 404);
    }));

  it('an endpoint that the options do not name answers 404', () =>
    withRig({ endpoints: {} }, undefined, async (rig) => {
      const answer = await rig.send({ method: 'GET', path: `${ROOT}/explore/domain/search` });
      assert.deepEqual(jsonOf(answer), {
        status_code: 404,
        error: 'endpoint domain/search is not configured',
        errors: ['endpoint domain/search is not configured'],
        response: {},
      });
    }));

  it('reads answer at once: a list under its key, an object as the response, a failure inside of a 200', () =>
    withRig(
      { endpoints: { 'domain/whois': { type: TEST_TYPE }, 'bulk/domaininfo': { type: TEST_TYPE } } },
      undefined,
      async (rig) => {
        const worker = createWorker(rig.engine, rig.tenant);
        const answered = async (request: Parameters<Rig['send']>[0], finish: (held: Claimed) => Promise<void>) => {
          const answer = rig.send(request);
          await rig.held(1);
          await finish(await worker.claim(TEST_TYPE));
          return jsonOf(await answer);
        };
        const whois = { method: 'GET', path: `${ROOT}/explore/domain/whois/silentpush.com` };
        const bulk = { method: 'POST', path: `${ROOT}/explore/bulk/domaininfo`, json: { domains: ['a.example'] } };
        assert.deepEqual(await answered(whois, (held) => worker.succeed(held, [{ registrar: 'x' }])), {
          ...{ status_code: 200, error: null },
          response: { whois: [{ registrar: 'x' }] },
        });
        assert.deepEqual(await answered(bulk, (held) => worker.succeed(held, { domaininfo: [], score: 1 })), {
          ...{ status_code: 200, error: null },
          response: { domaininfo: [], score: 1 },
        });
        assert.deepEqual(await answered(whois, (held) => worker.fail(held, 'no such domain', false)), {
          ...{ status_code: 500, error: 'no such domain' },
          response: { error: 'no such domain' },
        });
        assert.equal((await rig.send({ ...bulk, json: ['a.example'] })).status, 400);
      },
    ));

  it('reads put a list where clients look for it, and take a subnet with its slash as it is', () => {
    const reads = READ_ENDPOINTS.map(({ name }) => [name, { type: TEST_TYPE }]);
    return withRig({ endpoints: Object.fromEntries(reads) }, undefined, async (rig) => {
      const worker = createWorker(rig.engine, rig.tenant);
      const EXPLORE = `${ROOT}/explore`;
      const cases = [
        [`${EXPLORE}/domain/whoislive/a.example`, 'whois_live', { domain: 'a.example' }],
        [`${EXPLORE}/padns/lookup/domain/asns/a.example`, 'records', { domain: 'a.example' }],
        [`${EXPLORE}/padns/lookup/ipdiversity/a/a.example`, 'records', { qtype: 'a', query: 'a.example' }],
        [`${EXPLORE}/ipreputation/history/ipv4/192.0.2.1`, 'ip_reputation_history', { ipv4: '192.0.2.1' }],
        [`${EXPLORE}/ipreputation/history/asn/64496`, 'asn_reputation_history', { asn: '64496' }],
        [
          `${EXPLORE}/ipreputation/history/subnet/192.0.2.0/24`,
          'subnet_reputation_history',
          { subnet: '192.0.2.0/24' },
        ],
        [
          `${EXPLORE}/ipreputation/history/subnet/192.0.2.0%2F24/`,
          'subnet_reputation_history',
          { subnet: '192.0.2.0/24' },
        ],
        [`${EXPLORE}/takedownreputation/history/asn/64496`, 'takedown_reputation_history', { asn: '64496' }],
        ['/api/v2/live-scan/scan-on-demand/query?url=a.example', 'scan', {}],
        ['/api/v1/live-scan/?url=a.example', 'scan', {}],
        [`${EXPLORE}/domain/infratag/a.example?mode=live`, 'infratags', { domain: 'a.example' }],
      ] as const;
      for (const [path, key, params] of cases) {
        const answer = rig.send({ method: 'GET', path });
        await rig.held(1);
        const held = await worker.claim(TEST_TYPE);
        const input = JSON.parse((await rig.engine.readInput(rig.tenant, held.id)) ?? '');
        assert.deepEqual(input.path, params, path);
        await worker.succeed(held, [{ row: 1 }]);
        assert.deepEqual(memberOf(await answer, ['response']), { [key]: [{ row: 1 }] }, path);
      }
    });
  });

  it('a test of the connection finds a username and a status code', () =>
    withRig({}, undefined, async (rig) => {
      const username = rig.tenant;
      const me = { status_code: 200, error: null, response: { username }, username };
      assert.deepEqual(jsonOf(await rig.send({ method: 'GET', path: `${ME_PATH}/` })), me);
    }));

  it('a type that does not exist is refused at the start', async () => {
    const endpoints = { 'domain/search': { type: 'nowhere' } };
    await assert.rejects(
      withRig({ endpoints }, undefined, async () => {}),
      /endpoints\['domain\/search'\]\.type names nowhere/,
    );
  });

  it('a configured public URL wins over the Host header', () =>
    withRig({}, 'https://jobs.example.org/', async (rig) => {
      const { job } = await stageJob(rig, 'queued');
      const answer = await rig.send({ method: 'GET', path: `${JOB}/${job.id}?max_wait=0` });
      const url = `https://jobs.example.org/silentpush${JOB}/${job.id}`;
      assert.equal(memberOf(answer, ['response', 'job_status', 'get']), url);
    }));

  it('a tenant with too many unfinished searches is told to come again', async () => {
    const rig = await openRig(silentpush, adapter, { limits: { jobsWaitingMax: 1 } });
    try {
      const request = { method: 'GET', path: `${ROOT}/explore/domain/search?prefer=job_id` };
      assert.equal((await rig.send(request)).status, 200);
      const refused = await rig.send(request);
      assert.equal(
        refused.text,
        '{"status_code":429,"error":"rate limit exceeded","errors":["rate limit exceeded"],"response":{}}',
      );
      assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '1']);
    } finally {
      await rig.close();
    }
  });

  it('a request that may not be held is answered at once with what is known', async () => {
    const rig = await openRig(silentpush, adapter, { limits: { holdsMax: 1 } });
    try {
      const { job } = await stageJob(rig, 'running');
      const leaving = new AbortController();
      const first = rig.send({ method: 'GET', path: `${JOB}/${job.id}` }, 'owner', leaving.signal);
      await rig.held(1);
      const second = await rig.send({ method: 'GET', path: `${JOB}/${job.id}` });
      assert.equal(adapter.word(second, job), 'STARTED');
      leaving.abort();
      await assert.rejects(first);
    } finally {
      await rig.close();
    }
  });
});
