/** What a key that may submit and not read is told of a task that is there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorker, type DialectAdapter, memberOf, openRig, TEST_TYPE, type WireAnswer } from '../contract-suite.ts';
import { a2a } from './index.ts';
import { type A2aOptions, DEFAULT_OPTIONS } from './options.ts';

const adapter = {
  options: DEFAULT_OPTIONS,
  credentials: (key: string) => ({ authorization: `Bearer ${key}`, 'a2a-version': '1.0' }),
} as unknown as DialectAdapter<A2aOptions>;

const reasonOf = (answer: WireAnswer) => memberOf(answer, ['error', 'details', '0', 'reason']);

test('a key that may not read is told that its message was taken, and has no task streamed or pushed to it', async () => {
  const rig = await openRig(a2a, adapter);
  try {
    const { engine, tenant } = rig;
    await engine.submit([{ tenant, type: TEST_TYPE }]);
    const { id, fence } = await createWorker(engine, tenant).claim(TEST_TYPE);
    await engine.workPark({ tenant, id, fence, signal: 'approval', timeoutMs: 60_000 });
    const send = (path: string, json: object) => rig.send({ method: 'POST', path, json: json as never }, 'submitter');
    const said = { message: { messageId: '1', role: 'ROLE_USER', parts: [{ text: 'yes' }], taskId: id } };
    const stream = await send('/message:stream', said);
    assert.deepEqual([stream.status, reasonOf(stream)], [403, 'SCOPE_MISSING']);
    const push = await send(`/tasks/${id}/pushNotificationConfigs`, { url: 'https://93.184.215.14/' });
    assert.deepEqual([push.status, reasonOf(push)], [403, 'SCOPE_MISSING']);
    const config = {
      url: 'https://93.184.215.14/',
      token: 'quiet',
      authentication: { scheme: 'Bearer', credentials: 'secret' },
    };
    await rig.send({ method: 'POST', path: `/tasks/${id}/pushNotificationConfigs`, json: config });
    const list = { method: 'GET', path: `/tasks/${id}/pushNotificationConfigs` };
    assert.match((await rig.send(list)).text, /quiet.*secret/);
    const shown = await rig.send(list, 'reader');
    assert.equal(memberOf(shown, ['configs', '0', 'authentication', 'scheme']), 'Bearer');
    assert.doesNotMatch(shown.text, /quiet|secret/);
    const torn = { ...config, token: 'a\r\nb' };
    const refused = await rig.send({ method: 'POST', path: `/tasks/${id}/pushNotificationConfigs`, json: torn });
    assert.match(refused.text, /"token must be written like text of printable ASCII characters or null or empty\./);
    // Not held: what comes of the task is not for this key.
    const told = await send('/message:send', said);
    assert.equal(memberOf(told, ['task', 'status', 'state']), 'TASK_STATE_WORKING', told.text);
  } finally {
    await rig.close();
  }
});
