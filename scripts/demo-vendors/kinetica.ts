/**
 * Kinetica: system calls, a statement as a job, polled; the same as Avro, and compressed; synchronously; in pages; with parameters; as the
 * browser client alters columns; cancelled; listed; refused.
 */
import { snappyCompress } from 'hysnappy';
import {
  createJobRequest,
  createJobResponse,
  getJobRequest,
  getJobResponse,
  optionsRequest,
  propertiesResponse,
  wrapper,
} from '../../src/dialects/kinetica/wire.ts';
import { anyInteger, anyText, listOf, matches, type Pattern } from './pattern.ts';
import type { DemoAnswer, DemoRequest, Stage, VendorDemo } from './stage.ts';

const STATEMENT = 'SELECT origin, count(*) AS n FROM flights GROUP BY origin ORDER BY n DESC LIMIT 2';
const ENDLESS = 'SELECT count(*) FROM flights a, flights b WHERE a.delay + b.delay = 12345';
const ROUTES = 'select origin, destination, count(*) as n from flights group by origin, destination';
const PAGE_SIZE = 1_000;
const COLUMNS = {
  column_1: ['ORD', 'DFW'],
  column_2: listOf(anyInteger, 2),
  column_headers: ['origin', 'n'],
  column_datatypes: ['string', 'long'],
};
const BINARY = { 'Content-Type': 'application/octet-stream' };

export const kineticaDemo: VendorDemo = {
  dialect: 'kinetica',
  title: 'Kinetica',
  async play(stage) {
    const basic = Buffer.from(`admin:${stage.key}`).toString('base64');
    const headers = { Authorization: `Basic ${basic}` };
    await system(stage, headers);
    await agents(stage, headers);
    await statementAsJob(stage, headers);
    await binary(stage, headers);
    await compressed(stage, headers);
    await synchronous(stage, headers);
    await pages(stage, headers);
    await parameters(stage, headers);
    await alteredColumns(stage, headers);
    await cancelled(stage, headers);
    await refusals(stage, headers);
  },
};

type Headers = Readonly<Record<string, string>>;

const post = (path: string, headers: Headers, json: unknown): DemoRequest => ({ method: 'POST', path, headers, json });

function ok(dataType: string, payload: Pattern): Pattern {
  return { status: 'OK', message: '', data_type: dataType, data: '', data_str: jsonText(payload) };
}

function refused(message: Pattern): Pattern {
  return { status: 'ERROR', message, data_type: 'none', data: '', data_str: '' };
}

/** A string that holds JSON of this form. */
function jsonText(pattern: Pattern): Pattern {
  return (value) => typeof value === 'string' && matches(JSON.parse(value), pattern);
}

function payloadOf(answer: DemoAnswer): Record<string, unknown> {
  return JSON.parse((answer.json as { data_str: string }).data_str);
}

function create(statement: string): object {
  const inner = { statement, offset: 0, limit: -9999, encoding: 'json', request_schema_str: '', data: [], options: {} };
  const options = { job_tag: 'nightly_1' };
  return { endpoint: '/execute/sql', request_encoding: 'json', data: '', data_str: JSON.stringify(inner), options };
}

async function system(stage: Stage, headers: Headers): Promise<void> {
  stage.say('What clients ask first.');
  await stage.exchange(
    { path: '/' },
    { status: 200, check: ({ text }) => (text === 'Kinetica is running!' ? null : text) },
  );
  await stage.exchange(post('/show/system/status', headers, { options: {} }), {
    status: 200,
    json: ok('show_system_status_response', {
      status_map: { system: jsonText({ status: 'running', version: anyText }) },
      info: {},
    }),
  });
}

async function agents(stage: Stage, headers: Headers): Promise<void> {
  stage.say('What agents and browsers ask: is the cluster idle, may another page call.');
  await stage.exchange(post('/admin/show/cluster/operations', headers, { options: {} }), {
    status: 200,
    check: (answer) => (payloadOf(answer).in_progress === false ? null : 'the cluster is busy'),
  });
  const preflight = { Origin: 'https://app.example', 'Access-Control-Request-Method': 'POST' };
  await stage.exchange(
    { method: 'OPTIONS', path: '/get/job', headers: preflight },
    { status: 204, check: ({ headers: got }) => (got.get('access-control-allow-origin') === '*' ? null : 'no origin') },
  );
}

async function statementAsJob(stage: Stage, headers: Headers): Promise<void> {
  stage.say(
    'A statement is created as a job and polled as the documentation says; its rows are encoded three times over.',
  );
  const created = await stage.exchange(post('/create/job', headers, create(STATEMENT)), {
    status: 200,
    json: ok('create_job_response', { job_id: anyInteger, info: { job_tag: 'nightly_1', query_id: anyText } }),
  });
  const { job_id: id } = payloadOf(created);
  const answer: Pattern = {
    ...{ count_affected: 2, response_schema_str: anyText, binary_encoded_response: '' },
    ...{ json_encoded_response: jsonText(COLUMNS), total_number_of_records: 2, has_more_records: false },
    ...{ paging_table: '', info: (value: unknown) => (value as { count: string }).count === '2' },
  };
  const done: Pattern = {
    ...{ endpoint: '/execute/sql', job_status: 'DONE', running: false, progress: 100, successful: true },
    ...{ response_encoding: 'json', job_response: '', job_response_str: jsonText(answer), status_map: {}, info: {} },
  };
  const isDone = (polled: DemoAnswer) => payloadOf(polled).running === false;
  const request = post('/get/job', headers, { job_id: id, options: {} });
  await stage.poll(request, isDone, { status: 200, json: ok('get_job_response', done) });
}

async function binary(stage: Stage, headers: Headers): Promise<void> {
  stage.say('The same with Avro bodies, which the Python and Java clients send.');
  const inner = { statement: STATEMENT, encoding: 'json' };
  const request = {
    ...{ endpoint: '/execute/sql', request_encoding: 'json', data: Buffer.alloc(0) },
    ...{ data_str: JSON.stringify(inner), options: {} },
  };
  const send = (path: string, body: Buffer) =>
    ({
      method: 'POST',
      path,
      headers: { ...headers, ...BINARY },
      body: new Uint8Array(body),
      shown: `${body.length} bytes of Avro`,
    }) as const;
  const created = await stage.exchange(send('/create/job', createJobRequest.binary.encode(request)), {
    status: 200,
    check: ({ bytes }) => (wrapper.binary.decode(bytes).data_type === 'create_job_response' ? null : 'not a wrapper'),
  });
  const { job_id: id } = createJobResponse.binary.decode(wrapper.binary.decode(created.bytes).data);
  const jobOf = ({ bytes }: DemoAnswer) => getJobResponse.binary.decode(wrapper.binary.decode(bytes).data);
  const polled = await stage.poll(
    send('/get/job', getJobRequest.binary.encode({ job_id: id, options: {} })),
    (answer) => !jobOf(answer).running,
    { status: 200, check: (answer) => (jobOf(answer).job_status === 'DONE' ? null : jobOf(answer).job_status) },
  );
  stage.check('the binary answer carries the rows', jobOf(polled).job_response_str.includes('ORD'));
}

async function compressed(stage: Stage, headers: Headers): Promise<void> {
  stage.say('A client that compresses is answered in plain Avro.');
  const body = Buffer.from(snappyCompress(optionsRequest.binary.encode({ options: {} })));
  await stage.exchange(
    {
      method: 'POST',
      path: '/show/system/properties',
      headers: { ...headers, 'Content-Type': 'application/x-snappy' },
      body: new Uint8Array(body),
      shown: `${body.length} bytes of Snappy`,
    },
    {
      status: 200,
      check({ bytes }) {
        const { property_map: map } = propertiesResponse.binary.decode(wrapper.binary.decode(bytes).data);
        const version = map['version.gpudb_core_version'] ?? '';
        return /^\d+\.\d+\.\d+\.\d+\.\d{14}$/.test(version) ? null : version;
      },
    },
  );
}

/** As the official iterators do: one paging table for all pages, cleared at the end. */
async function pages(stage: Stage, headers: Headers): Promise<void> {
  stage.say('A statement without an order, in pages of 1,000: every one of its rows comes once.');
  const seen = new Set<string>();
  const options = { paging_table: 'demo_pages', query_parameters: 'null' };
  for (let offset = 0, hasMore = true; hasMore; offset += PAGE_SIZE) {
    const page = { statement: ROUTES, encoding: 'json', offset, limit: PAGE_SIZE, options };
    const answer = payloadOf(
      await stage.exchange(post('/execute/sql', headers, page), {
        status: 200,
        check: (got) => (payloadOf(got).paging_table === 'demo_pages' ? null : 'the answer names no paging table'),
      }),
    );
    const { column_1: origins, column_2: destinations } = JSON.parse(String(answer.json_encoded_response));
    for (const [row, origin] of origins.entries()) seen.add(`${origin} ${destinations[row]}`);
    hasMore = answer.has_more_records === true;
    if (!hasMore) stage.check('all rows are distinct', seen.size === answer.total_number_of_records);
  }
  const clear = { table_name: 'demo_pages', authorization: '', options: { no_error_if_not_exists: 'true' } };
  await stage.exchange(post('/clear/table', headers, clear), {
    status: 200,
    json: ok('clear_table_response', { table_name: 'demo_pages', info: {} }),
  });
}

async function parameters(stage: Stage, headers: Headers): Promise<void> {
  stage.say('Parameters, in each of the three spellings that clients have; and those that do not fit.');
  const bound = (statement: string, values: unknown) =>
    post('/execute/sql', headers, {
      ...{ statement, encoding: 'json', options: { query_parameters: JSON.stringify(values) } },
    });
  for (const [first, second] of [
    ['?', '?'],
    [':1', ':2'],
    ['$1', '$2'],
  ]) {
    const statement = `SELECT count(*) AS n FROM flights WHERE origin = ${first} AND distance > ${second}`;
    await stage.exchange(bound(statement, ['ORD', 500]), {
      status: 200,
      check: (answer) => {
        const { column_1: counts } = JSON.parse(String(payloadOf(answer).json_encoded_response));
        return Number(counts[0]) > 0 ? null : JSON.stringify(counts);
      },
    });
  }
  for (const values of [['ORD', 500], 'ORD', { origin: 'ORD' }]) {
    await stage.exchange(bound('SELECT count(*) FROM flights WHERE origin = ?', values), {
      status: 400,
      json: refused(anyText),
    });
  }
}

async function alteredColumns(stage: Stage, headers: Headers): Promise<void> {
  stage.say('The browser client runs this call as a job, always.');
  const inner = {
    table_name: 'flights',
    column_alterations: [{ column_name: 'delay', action: 'change_column' }],
    options: {},
  };
  const job = {
    ...{ endpoint: '/alter/table/columns', request_encoding: 'json', data: '' },
    ...{ data_str: JSON.stringify(inner), options: {} },
  };
  const created = await stage.exchange(post('/create/job', headers, job), { status: 200, check: () => null });
  const request = post('/get/job', headers, { job_id: payloadOf(created).job_id, options: {} });
  await stage.poll(request, (answer) => payloadOf(answer).running === false, {
    status: 200,
    check: (answer) => {
      const altered = JSON.parse(String(payloadOf(answer).job_response_str || 'null'));
      return altered?.table_name === 'flights' ? null : String(payloadOf(answer).job_status);
    },
  });
}

async function synchronous(stage: Stage, headers: Headers): Promise<void> {
  stage.say('A statement, synchronously.');
  await stage.exchange(post('/execute/sql', headers, { statement: STATEMENT, encoding: 'json' }), {
    status: 200,
    check: (answer) => {
      const columns = JSON.parse(String(payloadOf(answer).json_encoded_response));
      return matches(columns, COLUMNS) ? null : JSON.stringify(columns);
    },
  });
  await stage.exchange(post('/execute/sql', headers, { statement: 'SELECT * FROM nothing', encoding: 'json' }), {
    status: 400,
    json: refused(anyText),
  });
}

async function cancelled(stage: Stage, headers: Headers): Promise<void> {
  stage.say('A statement that would run for minutes is shown, cancelled and gone.');
  const created = await stage.exchange(post('/create/job', headers, create(ENDLESS)), {
    status: 200,
    check: () => null,
  });
  const { job_id: id } = payloadOf(created);
  const shown = (answer: DemoAnswer) => (payloadOf(answer).job_id as number[]).includes(Number(id));
  await stage.exchange(post('/admin/show/jobs', headers, { options: {} }), {
    status: 200,
    check: (answer) => (shown(answer) ? null : 'the job is not shown'),
  });
  await stage.exchange(post('/admin/alter/jobs', headers, { job_ids: [id, 999_999], action: 'cancel', options: {} }), {
    status: 200,
    json: ok('admin_alter_jobs_response', {
      job_ids: [Number(id), 999_999],
      action: 'cancel',
      status: ['OK', 'Job 999999 not found'],
      info: {},
    }),
  });
  const request = post('/get/job', headers, { job_id: id, options: {} });
  await stage.poll(request, (answer) => payloadOf(answer).running === false, {
    status: 200,
    check: (answer) => (payloadOf(answer).job_status === 'CANCELLED' ? null : 'not cancelled'),
  });
}

async function refusals(stage: Stage, headers: Headers): Promise<void> {
  stage.say('Refusals are wrapped: 400 for all that a caller can fix, 401 and 404.');
  await stage.exchange(post('/get/job', headers, { job_id: 999_999, options: {} }), {
    status: 400,
    json: refused('Job 999999 not found'),
  });
  await stage.exchange(post('/get/job', {}, { job_id: 1 }), { status: 401, json: refused(anyText) });
  await stage.exchange(post('/nothing', headers, {}), { status: 404, json: refused('Unknown URI') });
}
