/**
 * Requests near the valid ones: served paths with odd parameters, known query parameters with odd values, bodies that are almost right.
 * Pure noise would be refused by the first check and reach nothing.
 */
import fc from 'fast-check';
import type { Json } from '../../core/job.ts';
import type { Dialect } from '../../http/dialect.ts';
import type { DialectAdapter, WireRequest } from './adapter.ts';
import type { Caller } from './rig.ts';

const ODD_TEXTS = [
  '',
  '0',
  '-1',
  '1e9',
  '99999999999999999999',
  'true',
  'None',
  'null',
  '[]',
  '{}',
  'é',
  '☃',
  '\u0000',
  "'; drop table jobs; --",
  '../../etc/passwd',
  '%2e%2e%2f',
  '__proto__',
  'constructor',
  '00000000-0000-4000-8000-000000000000',
  '1',
  'x'.repeat(600),
];

export const callers = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Caller>('owner') },
  { weight: 1, arbitrary: fc.constantFrom<Caller>('nobody', 'stranger', 'other') },
);

const oddText = fc.oneof(
  fc.constantFrom(...ODD_TEXTS),
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
);

export function requests<O>(dialect: Dialect<O>, adapter: DialectAdapter<O>): fc.Arbitrary<WireRequest> {
  const endpoints = dialect.serves.map(({ method, path }) => ({ method: method.split(', ')[0] ?? 'GET', path }));
  return fc
    .record({
      endpoint: fc.constantFrom(...endpoints),
      otherMethod: fc.option(fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'), { freq: 6 }),
      params: fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant('value') }, { weight: 2, arbitrary: oddText }), {
        minLength: 4,
        maxLength: 4,
      }),
      suffix: fc.oneof({ weight: 8, arbitrary: fc.constant('') }, { weight: 1, arbitrary: oddText.map(encodePath) }),
      query: queries(adapter),
      headers: oddHeaders,
      body: fc.oneof(bodies(adapter), fc.constant({})),
    })
    .map(({ endpoint, otherMethod, params, suffix, query, headers, body }) => ({
      method: otherMethod ?? endpoint.method,
      path: `${filledPath(endpoint.path, params)}${suffix}${query}`,
      headers,
      ...body,
    }));
}

function filledPath(path: string, params: readonly string[]): string {
  let index = 0;
  return path.replaceAll(/\{\w+\}/g, () => {
    index += 1;
    return encodePath(params[index - 1] ?? 'value') || 'x';
  });
}

/** Encoded so that a client can send it; some of it twice over, as careless clients do. */
function encodePath(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function queries<O>(adapter: DialectAdapter<O>): fc.Arbitrary<string> {
  const known = Object.entries(adapter.fuzz.query).flatMap(([name, values]) =>
    values.map((value) => ({ name, value })),
  );
  const odd = fc.record({ name: fc.constantFrom('x', ...Object.keys(adapter.fuzz.query)), value: oddText });
  const pair = known.length === 0 ? odd : fc.oneof(fc.constantFrom(...known), odd);
  const pairs = fc
    .array(pair, { maxLength: 4 })
    .map((list) => list.map(({ name, value }) => `${name}=${encodePath(value)}`));
  const raw = fc.constantFrom('', '?', '?&&=', '?a=1?b=2', '?%zz=%', '?=x', `?${'a&'.repeat(50)}`);
  return fc.oneof(
    { weight: 4, arbitrary: pairs.map((list) => (list.length === 0 ? '' : `?${list.join('&')}`)) },
    { weight: 1, arbitrary: raw },
  );
}

const oddHeaders: fc.Arbitrary<Record<string, string>> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({}) },
  {
    weight: 2,
    arbitrary: fc.record({
      'content-type': fc.constantFrom(
        'application/json',
        'application/json; charset=utf-16',
        'text/plain',
        'application/octet-stream',
        'application/x-www-form-urlencoded',
        'multipart/form-data',
        'nonsense',
        '',
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        accept: fc.constantFrom('text/html', '*/*', 'nonsense'),
        'accept-encoding': fc.constantFrom('gzip', 'nonsense'),
        range: fc.constantFrom('bytes=0-1', 'nonsense'),
        expect: fc.constant('nonsense'),
      },
      { requiredKeys: [] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      authorization: fc.constantFrom('', 'Bearer', 'Bearer ', 'Basic', 'Basic !!!', 'Basic Og==', 'Bearer a.b.c', 'x'),
    }),
  },
);

function bodies<O>(adapter: DialectAdapter<O>): fc.Arbitrary<Pick<WireRequest, 'json' | 'body'>> {
  const near = adapter.fuzz.bodies.length === 0 ? fc.constant<Json>({}) : fc.constantFrom(...adapter.fuzz.bodies);
  const bent = fc
    .tuple(near, fc.nat(), fc.jsonValue({ maxDepth: 2 }))
    .map(([body, at, value]) => bend(body, at, value as Json));
  return fc.oneof(
    near.map((json) => ({ json })),
    bent.map((json) => ({ json })),
    fc.jsonValue({ maxDepth: 3 }).map((json) => ({ json: json as Json })),
    fc.constantFrom('', '{', '[1,', 'null', '"text"', '{"a":1}}', '['.repeat(2_000)).map((body) => ({ body })),
    fc.uint8Array({ maxLength: 200 }).map((body) => ({ body })),
  );
}

/** One member, somewhere at the top, replaced by something else. */
function bend(body: Json, at: number, value: Json): Json {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return value;
  const keys = Object.keys(body);
  const key = keys[at % Math.max(1, keys.length)];
  return key === undefined ? { bent: value } : { ...body, [key]: value };
}
