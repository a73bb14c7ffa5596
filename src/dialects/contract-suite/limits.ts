/** Limits hold in every face: one table of requests that no body, header or path may get past, and the kind of error that each is. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { ErrorKind } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { DEFAULT_LIMITS, type Limits } from '../../core/limits.ts';
import type { Dialect } from '../../http/dialect.ts';
import type { DialectAdapter, WireRequest } from './adapter.ts';
import { openRig, type Rig } from './rig.ts';
import { stageJob } from './stage.ts';

const LIMITS: Limits = { ...DEFAULT_LIMITS, bodyBytesMax: 4_096, jsonDepthMax: 20 };
const JSON_TYPE = 'application/json';
/** Node takes 16 KiB of headers in all. */
const HEADER_BYTES = 20_000;

interface Body {
  readonly what: string;
  readonly kind: ErrorKind;
  /** Made of the JSON text of a good body, an object. */
  readonly body: (good: string) => string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Refused, whatever else is in the body. */
const BODIES: readonly Body[] = [
  { what: 'nested deeper than jsonDepthMax', kind: 'invalid', body: (good) => withMember(good, nested(20)) },
  { what: 'of brackets that never close', kind: 'invalid', body: () => '['.repeat(4_000) },
  { what: 'larger than bodyBytesMax', kind: 'too_large', body: (good) => withMember(good, `"${'x'.repeat(4_096)}"`) },
  { what: 'that breaks off', kind: 'invalid', body: (good) => good.slice(0, -1) },
  { what: 'of two values', kind: 'invalid', body: (good) => `${good}${good}` },
  { what: 'with a byte order mark', kind: 'invalid', body: (good) => `\ufeff${good}` },
  { what: 'that is not UTF-8', kind: 'invalid', body: (good) => Buffer.from(withMember(good, '"\xff"'), 'latin1') },
  { what: 'with a number that a double cannot hold', kind: 'invalid', body: (good) => withMember(good, '1e400') },
  {
    what: 'of another content type',
    kind: 'media_type',
    body: (good) => good,
    headers: { 'content-type': 'text/plain' },
  },
  {
    what: 'that is compressed',
    kind: 'media_type',
    body: (good) => good,
    headers: { 'content-encoding': 'gzip' },
  },
];

export function testLimits<O>(dialect: Dialect<O>, adapter: DialectAdapter<O>): void {
  let rig: Rig;
  before(async () => {
    rig = await openRig(dialect, adapter, { limits: LIMITS, isPatient: false });
  });
  after(() => rig.close());

  /** A good request with a JSON body: what the adapter names, or else what starts or reads a job. */
  async function good(): Promise<WireRequest & { readonly json: Json }> {
    const { job } = await stageJob(rig, 'queued');
    const candidates = [adapter.withBody, adapter.start, adapter.read(job)];
    const request = candidates.find((one) => one?.json !== undefined);
    assert.ok(request?.json !== undefined, 'The adapter has no request with a JSON body: give it one as withBody.');
    return { ...request, json: request.json };
  }

  async function expectKind(request: WireRequest, kind: ErrorKind): Promise<void> {
    const answer = await rig.send(request);
    const said = `${request.method} ${request.path}: ${answer.status} ${answer.text.slice(0, 300)}`;
    assert.equal(answer.status, dialect.errorBody(kind, '').status, said);
    assert.equal(adapter.complaint(answer, request), null, said);
  }

  for (const { what, kind, body, headers } of adapter.withBody === null ? [] : BODIES) {
    it(`a body ${what} is refused, and stores nothing`, async () => {
      const { json, ...request } = await good();
      const before = await rig.engine.count({ tenant: null });
      const sent = { ...request, headers: { 'content-type': JSON_TYPE, ...headers }, body: body(JSON.stringify(json)) };
      await expectKind(sent, kind);
      assert.deepEqual(await rig.engine.count({ tenant: null }), before);
    });
  }

  if (adapter.withBody !== null)
    it('of a key that comes twice the last counts', async () => {
      const { json, ...request } = await good();
      const text = JSON.stringify(json);
      const [name] = Object.keys(json as object);
      const headers = { 'content-type': JSON_TYPE };
      const doubled = await rig.send({
        ...request,
        headers,
        body: `{${JSON.stringify(name)}:{"a":[]},${text.slice(1)}`,
      });
      const plain = await rig.send({ ...request, headers, body: text });
      assert.equal(doubled.status, plain.status, doubled.text);
      assert.ok(plain.status < 300, plain.text);
    });

  it('JSON inside of texts and queries is held to the same depth', async () => {
    for (const request of adapter.inner?.(nested(21)) ?? []) await expectKind(request, 'invalid');
    for (const request of adapter.inner?.(nested(20)) ?? []) {
      const answer = await rig.send(request);
      assert.ok(answer.status < 300, `${request.path}: ${answer.status} ${answer.text}`);
    }
  });

  it('headers and paths that are too long are refused', async () => {
    const { job } = await stageJob(rig, 'queued');
    const read = adapter.read(job);
    const answer = await rig.send({ ...read, headers: { ...read.headers, 'x-padding': 'x'.repeat(HEADER_BYTES) } });
    assert.equal(answer.status, dialect.errorBody('headers_too_large', '').status);
    const long = { method: 'GET', path: `/${'x'.repeat(8_000)}` };
    const refusal = await rig.send(long);
    // Not found, or unreadable where a parameter of a path begins with it.
    assert.ok(refusal.status >= 400 && refusal.status < 500, `${refusal.status} ${refusal.text.slice(0, 300)}`);
    assert.equal(adapter.complaint(refusal, long), null);
  });
}

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

/** The good body with one member more, which every vendor ignores. */
function withMember(good: string, value: string): string {
  return `${good.slice(0, -1)}${good === '{}' ? '' : ','}"extra":${value}}`;
}
