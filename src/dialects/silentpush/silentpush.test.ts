/** Silent Push under the suite of all dialects. What is the vendor's alone is in the other tests of this folder. */
import assert from 'node:assert/strict';
import { complaintAboutJson, type DialectAdapter, memberOf, TEST_TYPE, testDialect } from '../contract-suite.ts';
import { silentpush } from './index.ts';
import type { SilentpushOptions } from './options.ts';
import { Envelope, ME_PATH, ROOT, STARTING_ENDPOINTS } from './wire.ts';

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
  started: (answer) => memberOf(answer, ['response', 'job_status', 'job_id']) as string | undefined,
  read: ({ id }) => ({ method: 'GET', path: `${JOB}/${id}?status_only=1` }),
  word: (answer) => memberOf(answer, ['response', 'job_status', 'status']) as string | undefined,
  unknown(answer) {
    assert.equal(answer.status, 404);
    assert.equal(answer.text, '{"status_code":404,"error":"job not found","response":{}}');
  },
  hold: ({ id }, seconds) => ({ method: 'GET', path: `${JOB}/${id}?status_only=1&max_wait=${seconds}` }),
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
