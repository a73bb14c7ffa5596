/**
 * The attacks of `neighbour.ts`, each what one key of one tenant can do: `node bench/neighbour-attacks.ts NAME SCENE`. Prints `ready` once under
 * way, and goes on until it is ended.
 */
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Scene } from './neighbour-server.ts';

const scene = JSON.parse(process.argv[3] ?? '{}') as Scene;
const { port, bad } = scene;
const agent = new Agent({ keepAlive: true, maxSockets: 4_000 });
const authorization = `Bearer ${scene.keys.bad}`;

interface Sent {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** The status; 0 where there was none. The answer is read and thrown away. */
function send({ path, method = 'GET', headers = {}, body }: Sent): Promise<number> {
  return new Promise((resolve) => {
    const call = request({ host: '127.0.0.1', port, path, method, agent, headers: { authorization, ...headers } });
    call.on('response', (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', () => resolve(0));
    });
    call.on('error', () => resolve(0));
    call.end(body);
  });
}

function post(path: string, body: unknown, headers = {}): Promise<number> {
  const json = { 'content-type': 'application/json', ...headers };
  return send({ path, method: 'POST', headers: json, body: JSON.stringify(body) });
}

/** `width` callers, each one request after another. */
function hammer(width: number, one: (index: number) => Promise<unknown>): void {
  for (let caller = 0; caller < width; caller += 1) {
    let index = caller;
    const next = (): void => {
      index += width;
      void one(index).then(next);
    };
    next();
  }
}

/** A socket that asks and reads nothing. */
function mute(path: string): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\n\r\n`);
  socket.pause();
  return socket;
}

function kept(count: number, path: (index: number) => string): void {
  for (let index = 0; index < count; index += 1) {
    const renew = (): void => {
      // Whoever is cut comes again.
      mute(path(index)).on('close', () => setTimeout(renew, 100));
    };
    renew();
  }
}

const heartbeat = (percent: number) =>
  post(`/v1/work/${bad.live.id}/heartbeat`, { fence: bad.live.fence, progress: { percent: percent % 100 } });

const spaces = `SELECT dataset${' '.repeat(100_000)}x`;
const tags = (index: number) =>
  Object.fromEntries(Array.from({ length: 20 }, (_, tag) => [`tag${tag}`, `${index}`.padEnd(500, 'щ')]));
const AVRO = Buffer.from('0a80808080808080808040', 'hex');

const ATTACKS: Readonly<Record<string, () => unknown>> = {
  nothing: () => {},
  'avro counts': () =>
    hammer(4, () =>
      send({
        path: '/kinetica/get/job',
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: AVRO,
      }),
    ),
  async 'query of spaces'() {
    const key = { 'x-api-key': scene.keys.bad, 'content-type': 'application/json' };
    const body = JSON.stringify({ name: 'spaces', query: spaces, dataset_id: 'dset_weather' });
    const saved = await fetch(`http://127.0.0.1:${port}/toolkitapi/v1/save`, { method: 'POST', headers: key, body });
    const { query_id: id } = (await saved.json()) as { query_id: string };
    hammer(4, () => post(`/toolkitapi/v1/query/${id}`, { execution_mode: 'async' }, key));
  },
  'large tags': () => hammer(4, (index) => post('/v1/jobs', { type: 'parked', tags: tags(index) })),
  'unread lists': () => kept(25, () => '/v1/jobs?limit=500&type=task'),
  'unread results': () => kept(60, () => `/v1/jobs/${bad.huge}/result`),
  async '3,000 streams'() {
    kept(3_000, () => `/v1/jobs/${bad.live.id}/events`);
    hammer(1, heartbeat);
  },
  '800 waits x 1,000': () => hammer(800, () => post('/v1/jobs/wait', { ids: bad.waiting, timeout: 1, for: 'all' })),
  'reads at full rate': () => hammer(64, () => send({ path: `/v1/jobs/${bad.large[0]}` })),
};

await ATTACKS[process.argv[2] ?? '']?.();
setTimeout(() => process.stdout.write('ready\n'), 1_500);
