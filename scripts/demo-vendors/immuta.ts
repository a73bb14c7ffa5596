/** Immuta: a token, the documented status request, triggers, bulks, waits with and without end, search, refusals. */
import { anyText, listOf, oneOf, type Pattern, UUID } from './pattern.ts';
import type { Stage, VendorDemo } from './stage.ts';

const TRIGGER = '/snowflake/handler/7/triggerHighCardinalityJob';
const METADATA = { username: 'user', hostname: 'warehouse', port: 443, database: 'db' };
const CONNECTION = 'user@warehouse:443/db';

const anyId: Pattern = UUID;
const boom = (statusCode: number, error: string, message: Pattern): Pattern => ({ statusCode, error, message });

export const immutaDemo: VendorDemo = {
  dialect: 'immuta',
  title: 'Immuta',
  async play(stage) {
    const headers = { Authorization: `Bearer ${await token(stage)}` };
    const id = await triggered(stage, headers);
    await documented(stage, headers, id);
    await bulk(stage, headers);
    await failing(stage, headers);
    await plans(stage, headers);
    await search(stage, headers);
    await refusals(stage, headers);
  },
};

type Headers = Readonly<Record<string, string>>;

async function token(stage: Stage): Promise<string> {
  stage.say('The first call comes without credentials and must be refused; then the key is exchanged for a token.');
  const statuses = { method: 'POST', path: '/jobs/statuses', json: { jobIds: [] } } as const;
  await stage.exchange(statuses, { status: 401, json: boom(401, 'Unauthorized', 'Missing authentication') });
  const answer = await stage.exchange(
    { method: 'POST', path: '/bim/apikey/authenticate', json: { apikey: stage.key }, shown: '{"apikey":"…"}' },
    { status: 200, json: { success: true, authenticated: true, token: anyText } },
  );
  return (answer.json as { token: string }).token;
}

async function triggered(stage: Stage, headers: Headers): Promise<string> {
  stage.say('A trigger answers with the bare id of its job.');
  const answer = await stage.exchange({ method: 'PUT', path: TRIGGER, headers }, { status: 200, json: anyId });
  return String(answer.json);
}

async function documented(stage: Stage, headers: Headers, id: string): Promise<void> {
  stage.say('The example request of the documentation, held until the job is done; a key without scheme does as well.');
  const output: Pattern = {
    endpoint: 'triggerHighCardinalityJob',
    dataSource: '7',
    rows: 3376,
    columns: listOf({ column: anyText, values: (value) => Number(value) > 0 }, 7),
  };
  const done = { [id]: { id, state: 'completed', output } };
  const json = { jobIds: [id], wait: 20, pollInterval: 1 };
  await stage.exchange({ method: 'POST', path: '/jobs/statuses', headers, json }, { status: 200, json: done });
  const bare = { Authorization: stage.key };
  await stage.exchange(
    { method: 'POST', path: '/jobs/statuses', headers: bare, json: { jobIds: [id], wait: 0, pollInterval: 1 } },
    { status: 200, json: done },
  );
  stage.say('Ids that nobody knows are left out, and not waited for.');
  const unknown = { jobIds: ['cefb58a0-cd71-11ec-8e29-81c20d280994'], wait: -1, pollInterval: 1 };
  await stage.exchange({ method: 'POST', path: '/jobs/statuses', headers, json: unknown }, { status: 200, json: {} });
}

async function bulk(stage: Stage, headers: Headers): Promise<void> {
  stage.say('A list of handlers becomes a bulk of jobs, waited for without end.');
  const handler = ['airports', 'weather', 'zipcodes'].map((table) => ({ metadata: { ...METADATA, table } }));
  const started = await stage.exchange(
    { method: 'POST', path: '/snowflake/handler', headers, json: { handler } },
    { status: 200, json: { bulkId: UUID, connectionString: CONNECTION } },
  );
  const { bulkId } = started.json as { bulkId: string };
  const jobs = await stage.exchange(
    { path: `/jobs?bulkId=${bulkId}`, headers },
    {
      status: 200,
      check: ({ json }) => (Object.keys(json as object).length === 3 ? null : 'there are not three jobs'),
    },
  );
  const jobIds = Object.keys(jobs.json as object);
  const isDone = ({ json }: { json: unknown }) =>
    Object.values(json as Record<string, { state: string }>).every(({ state }) => state === 'completed');
  await stage.exchange(
    { method: 'POST', path: '/jobs/statuses', headers, json: { jobIds, wait: -1, pollInterval: 5 } },
    { status: 200, check: (answer) => (isDone(answer) ? null : 'not every job is completed') },
  );
  await stage.exchange(
    { path: `/jobs?connectionString=${CONNECTION}`, headers },
    { status: 200, json: { pending: '0' } },
  );
  await stage.exchange({ path: '/jobs?connectionString=nobody@nowhere:1/db', headers }, { status: 200, json: {} });
}

async function failing(stage: Stage, headers: Headers): Promise<void> {
  stage.say('A single handler is waited for; one that cannot be created is a 400 whose message clients read.');
  const handler = (table: string) => ({ handler: { metadata: { ...METADATA, table } } });
  await stage.exchange(
    { method: 'POST', path: '/snowflake/handler', headers, json: handler('nothing') },
    { status: 400, json: boom(400, 'Bad Request', /there is no table nothing/) },
  );
}

async function plans(stage: Stage, headers: Headers): Promise<void> {
  stage.say(
    'A dry run answers the plan and starts nothing; descriptions come in YAML as well. 404 says that there is no such connection.',
  );
  const plan = (members: Record<string, Pattern>): Pattern => ({
    ...{ dryRun: true, creating: [], updating: [], deleting: [], noChange: [] },
    ...{ detectionRunning: false, tagsUpdated: false, ...members },
  });
  const yaml = 'connectionKey: sample\nsources:\n  - name: airports\n';
  const asYaml = { ...headers, 'content-type': 'application/x-yaml' };
  await stage.exchange(
    { method: 'POST', path: '/api/v2/data?dryRun=true', headers: asYaml, body: yaml },
    { status: 200, json: plan({ creating: ['airports'] }) },
  );
  const exists = { method: 'DELETE', path: '/api/v2/data/sample?dryRun=true', headers } as const;
  await stage.exchange(exists, { status: 404, json: boom(404, 'Not Found', 'Not Found') });
  await stage.exchange(
    { method: 'POST', path: '/api/v2/data', headers: asYaml, body: yaml },
    { status: 200, json: plan({ dryRun: false, creating: ['airports'], bulkId: UUID, jobId: UUID }) },
  );
  await stage.exchange(exists, { status: 200, json: plan({ deleting: ['airports'] }) });
  await stage.exchange(
    { method: 'DELETE', path: '/api/v2/data/sample', headers },
    { status: 200, json: plan({ dryRun: false, deleting: ['airports'], bulkId: UUID, jobId: UUID }) },
  );
  await stage.exchange(exists, { status: 404, json: boom(404, 'Not Found', 'Not Found') });
}

async function search(stage: Stage, headers: Headers): Promise<void> {
  stage.say('Jobs are searched and counted.');
  const found: Pattern = {
    id: anyId,
    state: 'failed',
    output: { name: 'Error', message: 'there is no table nothing', stack: anyText, code: anyText },
    jobType: 'immuta-data-source',
    createdOn: anyText,
    completedOn: anyText,
  };
  await stage.exchange(
    { path: '/jobs/search?state=failed&size=1&jobType=immuta-data-source', headers },
    { status: 200, json: { jobs: listOf(found, 1), next: oneOf(null, '1') } },
  );
  const row: Pattern = (value) => (value as { jobType?: string }).jobType === 'immuta-data-source';
  await stage.exchange(
    { path: '/jobs/summary?jobType=immuta-data-source', headers },
    { status: 200, json: { jobType: listOf(row, 1) } },
  );
}

async function refusals(stage: Stage, headers: Headers): Promise<void> {
  stage.say('Refusals are boom errors.');
  const statuses = (json: object) => ({ method: 'POST', path: '/jobs/statuses', headers, json }) as const;
  await stage.exchange(statuses({ wait: 1 }), { status: 400, json: boom(400, 'Bad Request', '"jobIds" is required') });
  await stage.exchange(statuses({ jobIds: ['x'], wait: 5, pollInterval: 0 }), {
    status: 400,
    json: boom(400, 'Bad Request', '"pollInterval" must be greater than or equal to 1'),
  });
  await stage.exchange({ path: '/nothing', headers }, { status: 404, json: boom(404, 'Not Found', anyText) });
}
