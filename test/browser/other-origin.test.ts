/** `bide/client` in a browser, in a page of another origin: as plain ES modules, with a key and with the token of a job, and refused where nobody named it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { type Dashboard, openDashboard } from './browser-fixture.ts';

const ROOT = join(import.meta.dirname, '../..');
const CLIENT = 'src/client/index.ts';
const IMPORT = /^(?:import|export)\s[^;'()]{0,2000}\bfrom\s+'([^']+)'|\bimport\('([^']+)'/gm;

// Of the page.
declare const document: { title: string };
declare const location: { readonly origin: string };

const plain = async (path: string) => stripTypeScriptTypes(await readFile(join(ROOT, path), 'utf8'));

/** All modules of the client, as a browser has to load them. */
async function modulesOf(entry: string): Promise<ReadonlyMap<string, string>> {
  const modules = new Map<string, string>();
  for (const paths = [entry]; paths.length > 0; ) {
    const path = paths.pop() ?? '';
    if (modules.has(path)) continue;
    const text = await plain(path);
    modules.set(path, text);
    for (const [, still, later] of text.matchAll(IMPORT)) {
      const named = still ?? later ?? '';
      assert.match(named, /^\.{1,2}\//, `${path} imports ${named}, which no browser finds.`);
      paths.push(join(dirname(path), named));
    }
  }
  return modules;
}

/** Pages with nothing on them but the client to import. */
async function servePages(modules: ReadonlyMap<string, string>) {
  const server = createServer((request, response) => {
    const text = modules.get(request.url?.slice(1) ?? '');
    response.setHeader('content-type', text === undefined ? 'text/html' : 'text/javascript');
    response.end(text ?? '<!doctype html><link rel="icon" href="data:,"><title>a page</title>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

interface Told {
  readonly url: string;
  readonly key: string;
  readonly module: string;
}

/** Runs in the page: with a key it submits and asks for a token. */
async function submitIn(page: Page, told: Told) {
  return page.evaluate(async ({ url, key, module }) => {
    const { createClient } = (await import(module)) as typeof import('../../src/client/index.ts');
    const client = createClient({ url, key });
    const job = { type: 'gate', input: { from: location.origin } };
    const [first, again] = [
      await client.submit(job, { idempotencyKey: 'once' }),
      await client.submit(job, { idempotencyKey: 'once' }),
    ];
    return { id: first.id, isSame: first.id === again.id, ...(await client.token(first.id)) };
  }, told);
}

/** Runs in the page: with a token it follows the job, waits for it, and has its result. */
function watchIn(page: Page, told: Omit<Told, 'key'> & { readonly id: string; readonly token: string }) {
  return page.evaluate(async ({ url, token, id, module }) => {
    const { createClient, ClientError } = (await import(module)) as typeof import('../../src/client/index.ts');
    const client = createClient({ url, token });
    const waited = client.wait(id);
    const states: string[] = [];
    for await (const { state, progress } of client.events(id)) {
      states.push(`${state} ${progress.percent}`);
      document.title = states.at(-1) ?? '';
    }
    const { contentType, bytes } = await client.result(id);
    const list = await client.listPage().catch((error) => (error instanceof ClientError ? error.code : String(error)));
    const other = await client
      .get('0190a1b2-0000-7000-8000-000000000001')
      .catch((error) => (error instanceof ClientError ? error.code : String(error)));
    for (let times = 0; times < 5; times += 1) await client.get(id);
    const { isSatisfied: isDone, job } = await waited;
    return { states, isDone, state: job.state, contentType, text: new TextDecoder().decode(bytes), list, other };
  }, told);
}

async function finish({ client }: Dashboard, id: string, page: Page): Promise<void> {
  await page.waitForFunction("document.title === 'queued 0'");
  const [work] = await client.work.claim({ types: ['gate'], worker: 'w' });
  assert.equal(work?.id, id);
  await client.work.heartbeat(work, { percent: 50 });
  await page.waitForFunction("document.title === 'running 50'");
  await client.work.succeed(work, { isDone: true });
}

/** Requests in the log, whose lines have no query. */
function countIn(output: string, method: string, path: string): number {
  const isMeant = (line: string) => line.includes(`"method":"${method}","path":"${path}"`);
  return output.split('\n').filter(isMeant).length;
}

describe('bide/client in a page of another origin', () => {
  test('submits with a key, and watches the job with its token; one preflight does for many calls', async () => {
    const modules = await modulesOf(CLIENT);
    await using named = await servePages(modules);
    await using foreign = await servePages(modules);
    await using dashboard = await openDashboard({
      config: `export default {
        types: { gate: { kind: 'remote' } },
        server: { cors: { origins: ['${named.origin}'] } },
      };`,
      args: ['--log-level', 'info'],
    });
    const { url, key } = dashboard.server;
    // What the page is refused on purpose.
    dashboard.allow(/40[34]/);
    const page = await dashboard.visit(named.origin);
    const module = `/${CLIENT}`;
    const submitted = await submitIn(page, { url, key, module });
    assert.ok(submitted.isSame);
    assert.match(submitted.token, /^bjt_/);
    const { id, token } = submitted;
    const [seen] = await Promise.all([watchIn(page, { url, id, token, module }), finish(dashboard, id, page)]);
    assert.deepEqual(seen.states.at(0), 'queued 0');
    assert.deepEqual(seen.states.at(-1), 'succeeded 100');
    assert.deepEqual(
      [seen.isDone, seen.state, seen.contentType, seen.text],
      [true, 'succeeded', 'application/json', JSON.stringify({ isDone: true })],
    );
    assert.deepEqual([seen.list, seen.other], ['JOB_TOKEN_ELSEWHERE', 'JOB_NOT_FOUND']);
    const asked = (method: string) => countIn(dashboard.server.output(), method, `/v1/jobs/${id}`);
    // One for its URL with a wait, one for that without.
    assert.ok(asked('GET') >= 6 && asked('OPTIONS') <= 2, `${asked('GET')} ${asked('OPTIONS')}`);

    dashboard.allow(/CORS policy|net::ERR_FAILED/);
    const stranger = await dashboard.visit(foreign.origin);
    const refused = await stranger.evaluate(
      async (told) => {
        const { createClient } = (await import(told.module)) as typeof import('../../src/client/index.ts');
        const client = createClient({ url: told.url, key: told.key, triesMax: 1 });
        return client.get(told.id).then(String, (error: { readonly code?: string }) => error.code);
      },
      { url, key, id, module },
    );
    assert.equal(refused, 'UNREACHABLE');
  });
});
