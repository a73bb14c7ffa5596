/** A remote worker's loop against a real socket: results that are too large are told as that, though the server reads only their beginning. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient, runWorker } from '../../src/client/index.ts';
import { openListening } from './http-fixture.ts';

const SIZES = [5_000, 20_000_000];

for (const size of SIZES) {
  test(`runWorker fails a job whose result of ${size} bytes is larger than the server takes`, async () => {
    await using http = await openListening({ limits: { resultBytesMax: 4_096 } });
    const id = await http.submit('task');
    const stop = new AbortController();
    const client = createClient({ url: http.url, key: http.keys.worker });
    const handle = () => ({ bytes: new Uint8Array(size), contentType: 'image/png' });
    await runWorker(client, {
      types: ['task'],
      signal: stop.signal,
      handle(job) {
        assert.equal(job.id, id);
        stop.abort();
        return handle();
      },
    });
    const { state, error } = (await http.call('GET', `/v1/jobs/${id}`)).json();
    assert.deepEqual([state, (error as { code: string }).code], ['failed', 'RESULT_TOO_LARGE']);
  });
}
