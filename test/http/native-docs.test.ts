/** The OpenAPI document and the reference page: complete, sound, and served without anybody else's help. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Json } from '../../src/core/job.ts';
import { createNativeDialect } from '../../src/dialects/native/index.ts';
import { openHttp } from './http-fixture.ts';

type Node = { readonly [key: string]: Json };

interface Described {
  readonly required?: boolean;
  readonly content?: Readonly<Record<string, { readonly schema: Node; readonly example?: Json }>>;
}

interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Node>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Node>> };
}

async function openApi(): Promise<{ readonly document: OpenApi; readonly text: string }> {
  await using http = await openHttp();
  const answer = await http.call('GET', '/openapi.json', { key: null });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
  return { document: answer.json() as unknown as OpenApi, text: answer.text };
}

/** Every query parameter of the native API, with the schema of one value. */
function queryParameters({ paths }: OpenApi) {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { parameters }]) =>
      ((parameters ?? []) as readonly Node[])
        .filter((parameter) => parameter.in === 'query')
        .map(({ name, schema, example }) => {
          const item = itemOf(schema as Node);
          return {
            method,
            path,
            name: String(name),
            item,
            example: example ?? (item.examples as Json[] | undefined)?.[0],
          };
        }),
    ),
  );
}

function itemOf(schema: Node): Node {
  return schema.type === 'array' ? (schema.items as Node) : schema;
}

describe('/openapi.json', () => {
  test('documents what the native API serves, and nothing else', async () => {
    const { document } = await openApi();
    const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const { serves } = createNativeDialect({ version: '0', keys: null, hasDocs: false });
    const service = ['GET /healthz', 'GET /readyz', 'GET /metrics'];
    assert.deepEqual(documented.sort(), [...serves.map(({ method, path }) => `${method} ${path}`), ...service].sort());
  });

  test('is OpenAPI 3.1 whose references all lead somewhere', async () => {
    const { document, text } = await openApi();
    assert.equal(document.openapi, '3.1.0');
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] ?? '');
    assert.ok(references.length > 10);
    for (const reference of references) {
      assert.ok(reference.startsWith('#/'), reference);
      const target = reference
        .slice(2)
        .split('/')
        .reduce<unknown>((node, part) => (node as Node | undefined)?.[part], document);
      assert.notEqual(target, undefined, reference);
    }
    const names = Object.keys(document.components.schemas);
    assert.ok(
      ['Group', 'Job', 'Problem', 'Submit', 'Webhook'].every((name) => names.includes(name)),
      String(names),
    );
    for (const name of names) assert.match(name, /^[A-Z][A-Za-z]+$/);
  });

  test('has an example of every body and JSON answer that operations usually have, and each fits its schema', async () => {
    const { document } = await openApi();
    let count = 0;
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const [method, { requestBody, responses }] of Object.entries(operations)) {
        const good = Object.entries(responses as Node).flatMap(([code, one]) => (code.startsWith('2') ? [one] : []));
        const usual = (good as Described[]).find(({ content }) => content?.['application/json']?.example) ?? good[0];
        for (const part of [requestBody, usual] as readonly (Described | undefined)[]) {
          const media = part?.content?.['application/json'];
          if (media === undefined || (part?.required === false && media.example === undefined)) continue;
          const { example, schema } = media;
          assert.notEqual(example, undefined, `${method} ${path}`);
          const check = Compile({ components: document.components, ...schema } as unknown as TSchema);
          assert.ok(check.Check(example), `${method} ${path}: ${JSON.stringify(check.Errors(example))}`);
          count += 1;
        }
      }
    }
    assert.ok(count > 90, String(count));
  });

  test('gives an example of every query parameter that is written in some way, which its refusal shows', async () => {
    await using http = await openHttp();
    const { document } = await openApi();
    const written = queryParameters(document).filter(({ item }) => 'pattern' in item || 'format' in item);
    assert.deepEqual(written.map(({ name }) => name).sort(), [
      'before',
      'createdBefore',
      'createdFrom',
      'finishedBefore',
      'finishedFrom',
      'from',
      'tag',
      'tag',
    ]);
    for (const { path, name, example } of written) {
      const good = await http.call('GET', `${path}?${name}=${encodeURIComponent(String(example))}`);
      assert.equal(good.status, 200, good.text);
      const bad = (await http.call('GET', `${path}?${name}=a`)).json();
      assert.deepEqual([bad.status, String(bad.detail).includes(String(example))], [400, true], String(bad.detail));
    }
  });

  test('lists the headers that submits read, and none of them is needed', async () => {
    const { document } = await openApi();
    const headersOf = (path: string, method: string) =>
      ((document.paths[path]?.[method] as Node | undefined)?.parameters as Node[] | undefined)
        ?.filter((one) => one.in === 'header' && one.required === false)
        .map(({ name }) => name) ?? [];
    const submits = ['/v1/jobs', '/v1/jobs/bulk', '/v1/groups', '/v1/groups/{id}/jobs'];
    for (const path of submits)
      assert.deepEqual(
        headersOf(path, 'post').filter((name) => name !== 'Prefer'),
        ['Idempotency-Key', 'traceparent', 'tracestate'],
        path,
      );
    for (const path of [
      '/v1/jobs/{id}/resubmit',
      '/v1/jobs/cancel',
      '/v1/groups/{id}/retry',
      '/v1/schedules/{name}/run',
    ])
      assert.deepEqual(headersOf(path, 'post'), ['Idempotency-Key'], path);
    assert.deepEqual(headersOf('/v1/jobs/{id}', 'get'), ['Prefer', 'If-None-Match']);
  });

  test('has no query parameter whose refusal speaks in patterns', async () => {
    await using http = await openHttp();
    const { document } = await openApi();
    const id = await http.submit('task');
    const parameters = queryParameters(document);
    assert.ok(parameters.length > 15);
    for (const { method, path, name } of parameters) {
      const body = method === 'post' ? { body: {} } : {};
      const answer = await http.call(
        method.toUpperCase(),
        `${path.replace('{id}', id)}?${name}=%00%5B%5D&other=1`,
        body,
      );
      assert.equal(answer.status, 400, `${method} ${path} ${name}`);
      assert.doesNotMatch(JSON.stringify(answer.json().errors), /pattern|\(\?|\[\^|\+\$/, `${method} ${path} ${name}`);
    }
  });

  test('gives every operation a summary, an id, a good answer, and problems', async () => {
    const { document } = await openApi();
    assert.deepEqual(
      (document as unknown as { servers: Node[] }).servers.map(({ url }) => url),
      ['/'],
    );
    const ids = new Set<unknown>();
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        assert.equal(typeof operation.summary, 'string', `${method} ${path}`);
        assert.match(String(operation.operationId), /^[a-z][A-Za-z]+$/, `${method} ${path}`);
        assert.ok(!ids.has(operation.operationId), `${method} ${path}`);
        ids.add(operation.operationId);
        const answers = Object.keys(operation.responses as Node);
        assert.ok(
          answers.some((status) => status.startsWith('2')),
          `${method} ${path}`,
        );
        assert.ok(answers.includes('4XX') && answers.includes('5XX') && answers.length >= 2, `${method} ${path}`);
      }
    }
    assert.equal(document.components.schemas.Submit?.additionalProperties, false);
  });
});

describe('/docs', () => {
  test('comes from the package alone', async () => {
    await using http = await openHttp();
    const page = await http.call('GET', '/docs', { key: null });
    assert.deepEqual([page.status, page.headers['content-type']], [200, 'text/html; charset=utf-8']);
    const assets = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    assert.ok(assets.length >= 4);
    for (const asset of assets) {
      assert.ok(asset.startsWith('/docs/'), asset);
      assert.equal((await http.call('GET', asset, { key: null })).status, 200, asset);
    }
    assert.doesNotMatch(String(page.headers['content-security-policy']), /https?:|upgrade-insecure/);
  });

  test('answers what it does not have as a problem', async () => {
    await using http = await openHttp();
    const answer = await http.call('GET', '/docs/static/none.js', { key: null });
    assert.deepEqual([answer.status, answer.json().code], [404, 'ROUTE_NOT_FOUND']);
  });
});

describe('/', () => {
  test('says what this is and where to look', async () => {
    await using http = await openHttp();
    assert.deepEqual((await http.call('GET', '/', { key: null })).json(), {
      ...{ name: 'bide', version: '0.0.0', jobs: '/v1/jobs', docs: '/docs', openapi: '/openapi.json' },
    });
  });
});
