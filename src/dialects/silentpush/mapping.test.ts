import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Value } from 'typebox/value';
import { ERROR_KINDS } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { sampleJob } from '../../core/sample-job.ts';
import { askedOf, errorBody, failure, failureMessage, jobStatus, pageOf, resultMembers } from './mapping.ts';
import { Envelope, JobStatus, Metadata } from './wire.ts';

const ALL = { limit: 100, skip: 0 };

describe('pageOf', () => {
  it('cuts the page out of an array of all rows', () => {
    assert.deepEqual(pageOf([1, 2, 3, 4], { limit: 2, skip: 1 }), { rows: [2, 3], total: 4 });
    assert.deepEqual(pageOf([1, 2], { limit: 0, skip: 0 }), { rows: [], total: 2 });
    assert.deepEqual(pageOf([1, 2], { limit: 5, skip: 9 }), { rows: [], total: 2 });
  });

  it('takes the page that the handler has cut, and its total', () => {
    assert.deepEqual(pageOf({ rows: [7, 8], total: 358_961 }, { limit: 2, skip: 1 }), { rows: [7, 8], total: 358_961 });
  });

  it('never says a total below what was seen', () => {
    assert.deepEqual(pageOf({ rows: [7, 8], total: 1 }, { limit: 2, skip: 10 }), { rows: [7, 8], total: 12 });
    assert.deepEqual(pageOf({ rows: [7, 8] }, { limit: 2, skip: 10 }), { rows: [7, 8], total: 12 });
    assert.deepEqual(pageOf({ rows: [] }, { limit: 2, skip: 10 }), { rows: [], total: 0 });
  });

  it('makes rows with names out of a table', () => {
    const table = { columns: ['a', 'b'], rows: [[1, 2], [3]], row_count: 2 };
    assert.deepEqual(pageOf(table, ALL), {
      rows: [
        { a: 1, b: 2 },
        { a: 3, b: null },
      ],
      total: 2,
    });
    assert.deepEqual(pageOf(table, { limit: 1, skip: 1 }), { rows: [{ a: 3, b: null }], total: 2 });
  });

  it('makes one row of anything else, and none of nothing', () => {
    assert.deepEqual(pageOf(null, ALL), { rows: [], total: 0 });
    assert.deepEqual(pageOf('text', ALL), { rows: ['text'], total: 1 });
    assert.deepEqual(pageOf({ a: 1 }, ALL), { rows: [{ a: 1 }], total: 1 });
    assert.deepEqual(pageOf({ rows: 'x' }, ALL), { rows: [{ rows: 'x' }], total: 1 });
  });

  it('gives a page within its limit for any result', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(10), fc.nat(10), (result, limit, skip) => {
        const page = pageOf(result as Json, { limit, skip });
        assert.ok(page.rows.length <= limit);
        assert.ok(page.total >= page.rows.length);
      }),
    );
  });
});

describe('resultMembers', () => {
  const asked = {
    resultKey: 'domain_certificates',
    queryName: 'certdb/certificates',
    limit: 5,
    skip: 0,
    withMetadata: true,
  };
  const job = sampleJob({ origin: { dialect: 'silentpush', data: asked }, finishedAt: 1_745_686_069_999 });

  it('puts exactly six sorted keys of metadata before the rows', () => {
    const members = resultMembers(job, { rows: [{}, {}], total: 358_961 }, true);
    assert.deepEqual(Object.keys(members), ['metadata', 'domain_certificates']);
    assert.equal(
      JSON.stringify(members.metadata),
      `{"job_id":"${job.id}","query_name":"certdb/certificates","results_returned":2,"results_total_at_least":358961,` +
        '"timestamp":1745686069,"with_metadata":1}',
    );
    assert.ok(Value.Check(Metadata, members.metadata));
  });

  it('leaves the metadata out where it is not wanted', () => {
    assert.deepEqual(resultMembers(job, { rows: [], total: 0 }, false), { domain_certificates: [] });
  });

  it('shows a job that came another way as records', () => {
    const foreign = sampleJob({ type: 'report', origin: { dialect: 'other', data: { resultKey: 'x' } } });
    assert.equal(askedOf(foreign).queryName, 'report');
    assert.deepEqual(resultMembers(foreign, { rows: [1], total: 1 }, false), { records: [1] });
  });
});

describe('failure', () => {
  it('is a failure inside, with the same message where each client looks for it, and no job_status', () => {
    const body = failure('it broke');
    assert.equal(JSON.stringify(body), '{"status_code":500,"error":"it broke","response":{"error":"it broke"}}');
    assert.ok(Value.Check(Envelope, body));
  });

  it('is worded after the state', () => {
    const error = { code: 'HANDLER_FAILED', message: 'it broke', details: null };
    assert.equal(failureMessage(sampleJob({ state: 'failed', error })), 'it broke');
    assert.equal(failureMessage(sampleJob({ state: 'cancelled', error })), 'job revoked');
    assert.equal(failureMessage(sampleJob({ state: 'failed', error: null })), 'job failed');
  });
});

describe('jobStatus', () => {
  it('says three keys, sorted, with an absolute address', () => {
    const status = jobStatus('7b0e4a52-6a0f-4f7b-9d65-0f6f0a0c9a11', 'STARTED', 'http://127.0.0.1:8080');
    const get = 'http://127.0.0.1:8080/api/v1/merge-api/explore/job/7b0e4a52-6a0f-4f7b-9d65-0f6f0a0c9a11';
    assert.equal(
      JSON.stringify(status),
      `{"get":"${get}","job_id":"7b0e4a52-6a0f-4f7b-9d65-0f6f0a0c9a11","status":"STARTED"}`,
    );
    assert.ok(Value.Check(JobStatus, status));
  });
});

describe('errorBody', () => {
  it('says the same status inside as outside, and a response that is an object', () => {
    for (const kind of ERROR_KINDS) {
      const { status, body } = errorBody(kind, 'x');
      assert.ok(Value.Check(Envelope, body), kind);
      assert.equal(body.status_code, status);
      assert.equal(typeof body.error, 'string');
    }
  });

  it('says a missing key in a way that each client understands', () => {
    const error = 'Authorization failed: missing or invalid X-API-KEY';
    assert.deepEqual(errorBody('unauthorized', 'whatever'), {
      status: 401,
      body: { status_code: 401, error, errors: [error], response: {} },
    });
    assert.match(JSON.stringify(errorBody('forbidden', 'no scope').body), /Forbidden: no scope/);
  });

  it('says a rate limit and a removed job as the vendor does', () => {
    assert.deepEqual(errorBody('quota', 'x').body, {
      ...{ status_code: 429, error: 'rate limit exceeded', errors: ['rate limit exceeded'] },
      response: {},
    });
    assert.deepEqual(errorBody('gone', 'x'), {
      status: 404,
      body: { status_code: 404, error: 'job not found', errors: ['job not found'], response: {} },
    });
  });
});
