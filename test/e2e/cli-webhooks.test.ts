/** `bide webhooks` against a real server and a real receiver: what is added is told, signed, listed, told again, and removed. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type DeliveryBody, verifyWebhook, type WebhookEvent } from '../../src/client/index.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';
import { callBide } from './call-bide.ts';

const folder = mkdtempSync(join(tmpdir(), 'bide-cli-hooks-'));
const data = join(folder, 'data');
let server: ServerProcess;
let receiver: Server;
let url: string;
let secret = '';
let status = 200;
const told: WebhookEvent[] = [];
const waiting: ((event: WebhookEvent) => void)[] = [];

async function take(request: IncomingMessage): Promise<number> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const event = await verifyWebhook(secret, request.headers, Buffer.concat(chunks));
  const taker = waiting.shift();
  if (taker === undefined) told.push(event);
  else taker(event);
  return status;
}

function next(): Promise<WebhookEvent> {
  const event = told.shift();
  return event === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(event);
}

before(async () => {
  receiver = createServer((request, response) => {
    take(request).then(
      (code) => response.writeHead(code).end('thanks'),
      () => response.writeHead(401).end('not signed'),
    );
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  server = await startServer({ data, cwd: folder, args: ['--playground', '--allow-private-callbacks'] });
});

after(async () => {
  await server.end('SIGTERM');
  receiver.close();
  receiver.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

const run = (...line: readonly string[]) => callBide([...line, '--data', data]);
const hooks = (...line: readonly string[]) => run('webhooks', ...line);

/** The receiver has it before the sender has noted that it does. */
async function delivered(id: string, event: string): Promise<DeliveryBody> {
  for (;;) {
    const { stdout } = await hooks('deliveries', id, '--state', 'delivered', '--json');
    const all = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as DeliveryBody]));
    const found = all.find((delivery) => delivery.event === event);
    if (found !== undefined) return found;
  }
}

test('a webhook is added, tried, told of a job, listed, told again, given a new secret, disabled and removed', async () => {
  const made = await hooks('add', url, '--event', 'job.succeeded', '--type', 'echo');
  assert.equal(made.code, 0, made.stderr);
  secret = made.stdout.trim();
  assert.match(secret, /^whsec_/);
  const id = /webhook ([0-9a-f-]{36})/.exec(made.stderr)?.[1] ?? '';
  assert.match((await hooks('list')).stdout, new RegExp(`${id} +on +succeeded +http://127`));

  const tried = await hooks('test', id);
  assert.equal(tried.code, 0, tried.stderr);
  assert.match(tried.stdout, /^\S{48} delivered: 200 in \d+ ms\n$/);
  assert.deepEqual((await next()).type, 'webhook.test');
  status = 500;
  const failed = await hooks('test', id);
  assert.equal(failed.code, 1);
  assert.match(failed.stdout, /not delivered: The receiver answered 500\.\n$/);
  assert.equal((await next()).type, 'webhook.test');
  status = 200;

  const job = await run('submit', 'echo', '--input', '{"a":1}');
  const event = await next();
  assert.equal(event.type, 'job.succeeded');
  assert.ok('id' in event.data && event.data.id === job.stdout.trim());
  assert.deepEqual(event.data.result, { a: 1 });

  const delivery = await delivered(id, 'job.succeeded');
  assert.deepEqual(
    delivery.tries.map(({ status: code, answer }) => [code, answer]),
    [[200, 'thanks']],
  );
  assert.equal((await hooks('redeliver', id, delivery.id)).code, 0);
  assert.deepEqual(await next(), event);
  assert.match((await hooks('redeliver', id, '--since', '1h')).stdout, /^\d+ sent again\n$/);

  const rotated = await hooks('rotate', id);
  assert.notEqual(rotated.stdout.trim(), secret);
  assert.match((await hooks('disable', id)).stdout, /disabled/);
  assert.match((await hooks('list')).stdout, / disabled /);
  const refused = await hooks('test', id);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /disabled/);
  assert.match((await hooks('enable', id)).stdout, /enabled/);
  assert.match((await hooks('remove', id)).stdout, /removed/);
  assert.equal((await hooks('remove', id)).code, 3);
  assert.match((await hooks('list')).stderr, /No webhooks/);
});

test('mistakes on the line say what is meant, before a server is asked', async () => {
  const mistakes: readonly (readonly [readonly string[], RegExp])[] = [
    [['ad', url], /did you mean `bide webhooks add`/],
    [['add'], /The command is `bide webhooks add URL`/],
    [['add', url, '--event', 'job.done'], /Option --event takes one of job\.waiting/],
    [['remove'], /bide webhooks remove ID/],
    [['redeliver', 'x'], /takes a DELIVERY, or --since/],
    [['redeliver', 'x', 'y', '--since', '1h'], /takes a DELIVERY, or --since/],
  ];
  for (const [line, expected] of mistakes) {
    const { code, stderr } = await hooks(...line);
    assert.equal(code, 2, stderr);
    assert.match(stderr, expected);
  }
  const private_ = await hooks('add', 'ftp://127.0.0.1/');
  assert.equal(private_.code, 2);
  assert.match(private_.stderr, /http or https/);
});
