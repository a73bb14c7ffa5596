import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type DataFiles, DataSetError, dataFiles } from './data-files.ts';
import { type DataSource, type SqlOptions, sqlSettingsOf } from './options.ts';
import { quoted } from './quoted.ts';
import { openSandbox } from './sandbox.ts';

const servers: Server[] = [];
const never = new AbortController().signal;
let cacheDir: string;

beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'bide-data-files-'));
});
afterEach(() => rm(cacheDir, { recursive: true }));
after(() => {
  for (const server of servers) server.close().closeAllConnections();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function filesOf(options: SqlOptions = {}): DataFiles {
  const settings = sqlSettingsOf({ allowPrivateAddresses: true, ...options }, '/');
  return dataFiles({ settings, cacheDir, openSandbox: () => openSandbox(settings) });
}

const at = (url: string, format: DataSource['format'] = 'csv'): DataSource => ({ kind: 'url', url, format });

async function rowsOf(file: string) {
  const sandbox = await openSandbox({ memoryMib: 64, threads: 1 });
  try {
    const result = await sandbox.connection.run(`FROM read_parquet(${quoted(file)})`);
    return await result.getRowsJson();
  } finally {
    sandbox.close();
  }
}

describe('dataFiles', () => {
  it('follows a redirect of a data set that a caller named only to what is allowed', async () => {
    const seen: string[] = [];
    const base = await serve((request, response) => {
      seen.push(request.url ?? '');
      const to = { '/open/in.csv': '/open/a.csv', '/open/out.csv': '/secret/a.csv' }[request.url ?? ''];
      if (to === undefined) response.end('n\n1\n');
      else response.writeHead(302, { location: to }).end();
    });
    const files = filesOf();
    const within = [`${base}/open/`];
    const fetch = (path: string, more: object) =>
      files.parquetFile('a', { ...at(`${base}${path}`), ...more } as DataSource, never);
    assert.deepEqual(await rowsOf(await fetch('/open/in.csv', { within })), [['1']]);
    await assert.rejects(fetch('/open/out.csv', { within }), /redirects to a place that is not allowed/);
    assert.deepEqual(seen, ['/open/in.csv', '/open/a.csv', '/open/out.csv']);
    assert.deepEqual(await rowsOf(await fetch('/open/out.csv', {})), [['1']], 'the config is free to');
  });

  it('fetches a data set once while it is fresh, and again when it is old', async () => {
    let requests = 0;
    const base = await serve((_, response) => {
      requests += 1;
      response.end(`n\n${requests}\n`);
    });
    const files = filesOf({ urlMaxAgeMs: 60_000 });
    const source = at(`${base}/a.csv`);
    assert.deepEqual(await rowsOf(await files.parquetFile('a', source, never)), [['1']]);
    assert.deepEqual(await rowsOf(await files.parquetFile('a', source, never)), [['1']]);
    assert.equal(requests, 1);
    for (const name of await readdir(cacheDir)) await utimes(join(cacheDir, name), new Date(0), new Date(0));
    assert.deepEqual(await rowsOf(await files.parquetFile('a', source, never)), [['2']]);
  });

  it('reads compressed files by their names', async () => {
    const base = await serve((_, response) => response.end(gzipSync('n\n5\n')));
    assert.deepEqual(await rowsOf(await filesOf().parquetFile('a', at(`${base}/a.csv.gz`), never)), [['5']]);
  });

  it('lets several ask for the same file at once', async () => {
    const base = await serve((_, response) => response.end('[{"n":1}]'));
    const files = filesOf();
    const asked = Array.from({ length: 5 }, () => files.parquetFile('a', at(`${base}/a.json`, 'json'), never));
    for (const file of await Promise.all(asked)) assert.deepEqual(await rowsOf(file), [['1']]);
  });

  for (const [name, listener, options, message, isPassing] of [
    [
      'an error of its server',
      (_, response) => response.writeHead(503).end(),
      {},
      'The data set a cannot be fetched: its server answered 503.',
      true,
    ],
    [
      'a wrong address',
      (_, response) => response.writeHead(404).end(),
      {},
      'The data set a cannot be fetched: its server answered 404.',
      false,
    ],
    [
      'too many bytes',
      (_, response) => response.end('x'.repeat(2_000)),
      { urlBytesMax: 1_000 },
      'The data set a has more than 1000 bytes (urlBytesMax).',
      false,
    ],
    [
      'a connection that breaks',
      (_, response) => response.writeHead(200, { 'content-length': '99' }).write('n', () => response.destroy()),
      {},
      'The data set a cannot be fetched: ECONNRESET.',
      true,
    ],
    [
      'a private address',
      (_, response) => response.end(),
      { allowPrivateAddresses: false },
      'The data set a cannot be fetched: 127.0.0.1 is a private address.',
      false,
    ],
  ] as const satisfies readonly (readonly [string, RequestListener, SqlOptions, string, boolean])[]) {
    it(`says so on ${name} and leaves nothing behind`, async () => {
      const base = await serve(listener);
      await assert.rejects(filesOf(options).parquetFile('a', at(`${base}/a.csv`), never), (error) => {
        assert.ok(error instanceof DataSetError);
        assert.deepEqual([error.message, error.isPassing], [message, isPassing]);
        return true;
      });
      assert.deepEqual(await readdir(cacheDir), []);
    });
  }

  it('speaks of a URL that a caller named as of that, without its query', async () => {
    const base = await serve((request, response) =>
      request.url?.startsWith('/gone') ? response.writeHead(404).end() : response.end('{"n": [1, '),
    );
    const named = (path: string) => ({ ...at(`${base}${path}?token=secret`, 'json'), within: [base] });
    await assert.rejects(filesOf().parquetFile('dataset', named('/gone.json'), never), {
      message: `The data at ${base}/gone.json cannot be fetched: its server answered 404.`,
    });
    await assert.rejects(filesOf().parquetFile('dataset', named('/broken.json'), never), (error: Error) => {
      assert.ok(error.message.startsWith(`The data at ${base}/broken.json cannot be read as json: `), error.message);
      assert.doesNotMatch(error.message, /data set|secret/);
      return true;
    });
  });

  it('removes earlier versions of a file, apart from those that may still be opened', async () => {
    let requests = 0;
    const base = await serve((_, response) => {
      requests += 1;
      response.end(`n\n${requests}\n`);
    });
    const files = filesOf({ urlMaxAgeMs: 0 });
    const first = await files.parquetFile('a', at(`${base}/a.csv`), never);
    const second = await files.parquetFile('a', at(`${base}/a.csv`), never);
    assert.deepEqual(await rowsOf(first), [['1']]);
    await utimes(first, new Date(0), new Date(0));
    await utimes(second, new Date(0), new Date(0));
    const third = await files.parquetFile('a', at(`${base}/a.csv`), never);
    const left = (await readdir(cacheDir)).filter((name) => name.endsWith('.parquet'));
    assert.deepEqual(left, [basename(third)]);
  });

  it('stops fetching when the signal fires', async () => {
    const closed = Promise.withResolvers<void>();
    const controller = new AbortController();
    const base = await serve((request, response) => {
      request.socket.on('close', () => closed.resolve());
      response.write('n\n', () => controller.abort());
    });
    await assert.rejects(filesOf().parquetFile('a', at(`${base}/a.csv`), controller.signal));
    await closed.promise;
    assert.deepEqual(await readdir(cacheDir), []);
  });

  it('says what keeps a file from being read, without its path', async () => {
    const base = await serve((_, response) => response.end('{"n": [1, '));
    await assert.rejects(filesOf().parquetFile('a', at(`${base}/a.json`, 'json'), never), (error) => {
      assert.ok(error instanceof DataSetError);
      assert.match(error.message, /^The data set a cannot be read as json: /);
      assert.ok(!error.message.includes(cacheDir), error.message);
      return true;
    });
  });
});
