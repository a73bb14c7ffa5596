import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createLogger } from './log.ts';
import { createRequestLog } from './request-log.ts';

test('a request leaves one line at info, without its query, and none below', async () => {
  const lines: string[] = [];
  const told = Promise.withResolvers<void>();
  const write = (text: string) => {
    lines.push(text);
    told.resolve();
  };
  const log = createRequestLog(createLogger('info', { write }));
  assert.ok(log !== null);
  const server = createServer((request, response) => {
    log(request, response);
    response.statusCode = request.url === '/healthz' ? 200 : 404;
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await (await fetch(`${url}/healthz`)).text();
  await (await fetch(`${url}/v1/jobs?key=secret`)).text();
  await told.promise;
  server.close().closeAllConnections();
  assert.equal(lines.length, 1);
  const { level, method, path, status, ms, from } = JSON.parse(lines[0] ?? '');
  assert.deepEqual([level, method, path, status, from], ['info', 'GET', '/v1/jobs', 404, '127.0.0.1']);
  assert.ok(ms >= 0);
  assert.equal(createRequestLog(createLogger('warn', { write })), null);
});
