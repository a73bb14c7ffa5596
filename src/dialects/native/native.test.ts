/** The native API under the groups of the dialects' suite that hold for every face. */
import assert from 'node:assert/strict';
import {
  type DialectAdapter,
  jsonOf,
  memberOf,
  TEST_TYPE,
  testDialect,
  type WireAnswer,
  type WireRequest,
} from '../contract-suite.ts';
import { createNativeDialect } from './index.ts';
import { PROBLEM_TYPE } from './problem.ts';

const start = { method: 'POST', path: '/v1/jobs', json: { type: TEST_TYPE, input: { report: 'daily' } } };

function complaint(answer: WireAnswer, { path }: WireRequest): string | null {
  if (answer.status < 400 && path.endsWith('/result')) return null;
  if (answer.status < 400) return jsonOf(answer) === undefined ? `the body is no JSON: ${answer.text}` : null;
  if (!answer.headers['content-type']?.startsWith(PROBLEM_TYPE)) return 'the content type is not that of a problem';
  return memberOf(answer, ['status']) === answer.status ? null : `the problem has another status: ${answer.text}`;
}

const adapter: DialectAdapter<null> = {
  options: null,
  credentials: (key) => ({ authorization: `Bearer ${key}` }),
  start,
  started: (answer) => memberOf(answer, ['id']) as string | undefined,
  read: ({ id }) => ({ method: 'GET', path: `/v1/jobs/${id}` }),
  word: (answer) => memberOf(answer, ['state']) as string | undefined,
  succeeded: (answer, _job, result) => assert.deepEqual(memberOf(answer, ['result']), result),
  unknown: (answer) => assert.ok(answer.status === 404 || answer.status === 410, answer.text),
  hold: ({ id }, seconds) => ({ method: 'GET', path: `/v1/jobs/${id}?wait=${seconds}` }),
  together: (jobs) => {
    const ids = jobs.map(({ id }) => id);
    const of = (answer: WireAnswer, { id }: { id: string }) =>
      (memberOf(answer, ['jobs']) as { id: string }[]).find((job) => job.id === id);
    return [
      { request: { method: 'GET', path: '/v1/jobs' }, of },
      { request: { method: 'POST', path: '/v1/jobs/wait', json: { ids, timeout: 0 } }, of },
    ];
  },
  cancel: ({ id }) => ({ method: 'POST', path: `/v1/jobs/${id}/cancel` }),
  readings: () => ({
    requests: ({ id }) => [
      { method: 'GET', path: '/v1/jobs' },
      { method: 'GET', path: `/v1/jobs/${id}/result` },
      { method: 'POST', path: '/v1/jobs/wait', json: { ids: [id], timeout: 0 } },
    ],
  }),
  refused: [],
  complaint,
  fuzz: { query: {}, bodies: [] },
  golden: new URL('./golden/', import.meta.url),
};

testDialect(createNativeDialect({ version: 'test', keys: null, hasDocs: false }), adapter, [
  'lifecycle',
  'errors',
  'limits',
  'polls',
  'readings',
  'jobs together',
]);
