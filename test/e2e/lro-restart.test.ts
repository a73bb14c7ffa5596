/** A server that is killed and started again in the middle of the clients' waits: they end with the right answer. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startPoller } from '../lro/azure-client.ts';
import { openReports } from '../lro/google-client.ts';
import { startServer } from '../process/server-process.ts';

const PACKAGE = 'type.googleapis.com/acme.reports.v1';
const CONFIG = `export default {
  types: { report: { kind: 'remote' } },
  dialects: { lro: { hostName: 'localhost', options: { messages: {
    report: { response: '${PACKAGE}.Report', metadata: '${PACKAGE}.ReportMetadata' },
  } } } },
};
`;

const folder = mkdtempSync(join(tmpdir(), 'bide-lro-'));
const config = join(folder, 'bide.config.mjs');
writeFileSync(config, CONFIG);
after(() => rmSync(folder, { recursive: true, force: true }));

interface Node {
  readonly url: string;
  readonly key: string;
}

async function ask({ url, key }: Node, path: string, body: object): Promise<Record<string, never>> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
  return (await answer.json()) as Record<string, never>;
}

test('both clients have their results when the server was killed while they waited', async (t) => {
  const args = ['--config', config];
  const first = await startServer({ data: join(folder, 'data'), cwd: folder, args });
  const port = Number(new URL(first.url).port);
  const reports = openReports({ host: 'localhost', port, apiKey: first.key });
  const [operation] = await reports.startReport({ name: 'types/report', input: { region: 'North' } });
  const start = (query: string) =>
    startPoller({
      method: 'POST',
      url: `${first.url}/lro/azure/types/report:start?${query}`,
      apiKey: first.key,
      input: { region: 'North' },
    });
  const pollers = ['wait=20', 'poll=azure-asyncoperation', 'poll=location'].map(start);
  for (const { poller } of pollers) await poller.submitted();
  const results = Promise.all(pollers.map(({ poller }) => poller.pollUntilDone()));
  const lost = assert.rejects(operation.promise(), /ECONNRE|socket hang up|fetch failed/);
  await first.end('SIGKILL');

  await using second = await startServer({
    data: join(folder, 'data'),
    cwd: folder,
    args: [...args, '--port', `${port}`],
  });
  const { jobs } = (await ask(second, '/v1/work/claim', { types: ['report'], max: 4, worker: 'test' })) as unknown as {
    readonly jobs: readonly { readonly id: string; readonly fence: number }[];
  };
  assert.equal(jobs.length, 4);
  for (const { id, fence } of jobs)
    await ask(second, `/v1/work/${id}/succeed`, { fence, result: { region: 'North', rows: 12 } });

  const [held, async, location] = await results;
  const RESULT = { region: 'North', rows: 12 };
  assert.deepEqual((held as { readonly result: object }).result, RESULT);
  assert.deepEqual(async, RESULT);
  assert.deepEqual(location, RESULT);
  // This client gives up when the connection is refused, and goes on by the name of the operation.
  await lost;
  const again = await reports.checkReportProgress(operation.name ?? '');
  const [report] = await again.promise();
  assert.deepEqual({ ...report }, RESULT);
  for (const { asked } of pollers) t.diagnostic(`core-lro: ${asked.join(' | ')}`);
});
