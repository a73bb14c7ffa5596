/** The mode `rerun` of a unique key over HTTP, for a server on whichever store. */
import assert from 'node:assert/strict';
import type { Json } from '../../src/core/job.ts';
import type { HttpFixture } from './http-fixture.ts';

const ENDS_AGAINST_SUBMITS = 12;
/** In tenths of a second. */
const PATIENCE = 100;

export async function proveRerun(http: HttpFixture): Promise<void> {
  const first = await rerun(http, 1);
  assert.deepEqual([first.status, first.outcome], [202, undefined]);
  assert.deepEqual(await rerun(http, 2), { ...first, outcome: 'existing' });
  assert.equal(await claim(http), first.id);

  const others = await Promise.all([3, 4, 5].map((input) => rerun(http, input)));
  const [next] = others.filter(({ outcome }) => outcome === undefined);
  assert.ok(next !== undefined);
  assert.notEqual(next.id, first.id);
  assert.deepEqual(new Set(others.map(({ id }) => id)), new Set([next.id]));
  assert.equal(others.filter(({ outcome }) => outcome === 'existing').length, 2);
  const parents = (await http.call('GET', `/v1/jobs/${next.id}/parents`)).json().jobs as { id: string }[];
  assert.deepEqual(
    parents.map(({ id }) => id),
    [first.id],
  );
  assert.equal(await claimed(http), null);
  await end(http, first.id, 'fail');
  assert.equal(await claim(http), next.id);

  await endAgainstSubmit(http, next.id);
}

/** The end of the job and a submit at the same moment: whatever comes first, a job begins after the submit. */
async function endAgainstSubmit(http: HttpFixture, first: string): Promise<void> {
  let running = first;
  for (let round = 0; round < ENDS_AGAINST_SUBMITS; round += 1) {
    const submit = () => rerun(http, round);
    const [next, other] = await Promise.all([submit(), submit(), end(http, running, 'succeed')]);
    assert.notEqual(next.id, running);
    assert.equal(other.id, next.id);
    running = await claim(http);
    assert.equal(running, next.id);
    assert.equal(await claimed(http), null);
  }
  await end(http, running, 'succeed');
}

async function rerun(http: HttpFixture, input: Json) {
  const body = { type: 'task', input, unique: { key: 'k', mode: 'rerun' } };
  const { status, headers, json, text } = await http.call('POST', '/v1/jobs', { body });
  assert.equal(status, 202, text);
  return { status, id: json().id as string, outcome: headers['unique-outcome'] };
}

const fences = new Map<string, Json>();

async function claimed(http: HttpFixture): Promise<string | null> {
  const answer = await http.call('POST', '/v1/work/claim', { body: { types: ['task'], worker: 'w', max: 1 } });
  const [job] = answer.json().jobs as { id: string; fence: number }[];
  if (job === undefined) return null;
  fences.set(job.id, job.fence);
  return job.id;
}

async function claim(http: HttpFixture): Promise<string> {
  for (let tenth = 0; tenth < PATIENCE; tenth += 1) {
    const id = await claimed(http);
    if (id !== null) return id;
    await http.on.advance(100);
  }
  throw new Error('No job may be claimed.');
}

async function end(http: HttpFixture, id: string, how: 'succeed' | 'fail'): Promise<void> {
  const error = { error: { code: 'X', message: 'x' }, retryable: false };
  const body = { fence: fences.get(id), ...(how === 'fail' ? error : { result: 1 }) };
  const { status, text } = await http.call('POST', `/v1/work/${id}/${how}`, { body });
  assert.equal(status, 200, text);
}
