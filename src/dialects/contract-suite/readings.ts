/**
 * Whatever a job holds, every reading of it is answered: any JSON as result, error and origin, bytes of any type.
 *
 * A job that a face cannot digest must not answer 500, nor keep others out of the lists that it is in. A failure prints the seed and the
 * smallest job.
 */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { Json } from '../../core/job.ts';
import type { Dialect } from '../../http/dialect.ts';
import type { DialectAdapter, Readings, WireRequest } from './adapter.ts';
import { OWNER_TENANT, openRig, type Rig } from './rig.ts';
import { createWorker, STAGED_TYPE, stageJob } from './stage.ts';

/** About 2 s; FUZZ_RUNS in the environment raises it. */
const RUNS_DEFAULT = 150;

interface Held {
  readonly origin: Json;
  readonly end:
    | { readonly kind: 'json'; readonly result: Json }
    | { readonly kind: 'bytes'; readonly contentType: string; readonly bytes: Uint8Array }
    | { readonly kind: 'failed'; readonly message: string; readonly details: Json };
}

export function testReadings<O>(dialect: Dialect<O>, adapter: DialectAdapter<O>): void {
  let rig: Rig;
  let readings: Readings;
  /** What the dialect itself remembers of a job. */
  let remembered: Json = null;
  before(async () => {
    rig = await openRig(dialect, adapter, { isPatient: false });
    readings = (await adapter.readings?.((request) => rig.send(request))) ?? { requests: () => [] };
    if (adapter.start === null) return;
    const id = adapter.started(await rig.send(adapter.start)) ?? '';
    const [lookup] = await rig.engine.read(OWNER_TENANT, [id]);
    remembered = lookup?.kind === 'found' ? (lookup.snapshot.job.origin?.data ?? null) : null;
  });
  after(() => rig.close());

  async function stage({ origin, end }: Held) {
    const submit = { ...readings.submit, origin: { dialect: dialect.name, data: origin } };
    const { job } = await stageJob(rig, 'queued', { submit: { ...submit, type: STAGED_TYPE } });
    const worker = createWorker(rig.engine, OWNER_TENANT);
    const held = await worker.claim(STAGED_TYPE);
    if (end.kind === 'json') await worker.succeed(held, end.result);
    else if (end.kind === 'bytes') await worker.succeedWith(held, end.contentType, end.bytes);
    else await worker.fail(held, end.message, false, end.details);
    return job;
  }

  async function requireAnswer(request: WireRequest): Promise<void> {
    const answer = await rig.send(request);
    const said = `${request.method} ${request.path}: ${answer.status} ${answer.text.slice(0, 300)}`;
    assert.ok(answer.status < 500, said);
    assert.equal(adapter.complaint(answer, request), null, said);
  }

  async function requireReadable(content: Held): Promise<void> {
    const job = await stage(content);
    try {
      const held = adapter.hold === null ? [] : [adapter.hold(job, 0)];
      // Twice: the second answer may be one that was kept.
      for (const request of [adapter.read(job), adapter.read(job), ...held, ...readings.requests(job)]) {
        await requireAnswer(request);
      }
    } finally {
      await rig.engine.remove(OWNER_TENANT, job.id);
    }
  }

  it('every reading of a job is answered, whatever JSON its result, error and origin are', async () => {
    const { default: fc } = await import('fast-check');
    const { anyJson, nearJson } = await import('./any-json.ts');
    const end: FastCheckArbitrary<Held['end']> = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('json' as const), result: anyJson }) },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('bytes' as const),
          contentType: fc.constantFrom('text/plain', 'application/octet-stream', 'text/plain; charset=utf-16'),
          bytes: fc.uint8Array({ maxLength: 10 }),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('failed' as const),
          message: fc.string({ unit: 'binary', maxLength: 20 }),
          details: anyJson,
        }),
      },
    );
    const property = fc.asyncProperty(fc.record({ origin: nearJson(remembered), end }), requireReadable);
    const numRuns = Number(process.env.FUZZ_RUNS ?? RUNS_DEFAULT);
    await fc.assert(property, { numRuns, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true });
  });

  it('a number that a double cannot hold has its digits wherever a result is read', async () => {
    const large = `{"x":"${'x'.repeat(rig.engine.limits.resultInlineBytesMax)}",${WITH_INEXACT[0]?.slice(1)}`;
    for (const text of [...WITH_INEXACT, large]) {
      const bytes = Buffer.from(text);
      const job = await stage({ origin: remembered, end: { kind: 'bytes', contentType: 'application/json', bytes } });
      const answers: string[] = [];
      for (const request of [adapter.read(job), adapter.read(job), ...readings.requests(job)]) {
        const answer = await rig.send(request);
        assert.ok(answer.status < 500, `${request.path}: ${answer.text.slice(0, 300)}`);
        assert.doesNotMatch(answer.text, CHANGED, request.path);
        answers.push(answer.text);
      }
      const isWhole = answers.some((answer) => INEXACT.every((one) => answer.includes(one)));
      assert.ok(isWhole || !text.includes('topics'), `no answer has the digits: ${answers.join('\n').slice(0, 2_000)}`);
      await rig.engine.remove(OWNER_TENANT, job.id);
    }
  });

  it('a result as deep as it may be, and one too large for a status, are answered', async () => {
    const { nestedJson } = await import('./any-json.ts');
    const { jsonDepthMax, resultInlineBytesMax } = rig.engine.limits;
    for (const result of [nestedJson(jsonDepthMax), { columns: [{ toString: 1 }], rows: [] }]) {
      const large = [result, 'x'.repeat(resultInlineBytesMax)];
      for (const one of [result, large.slice(1)])
        await requireReadable({ origin: null, end: { kind: 'json', result: one } });
    }
  });
}

const INEXACT = ['1e400', '9007199254740993', '12345678901234567890'];
const NUMBERS = `[${INEXACT.join()}]`;
/** Results in the forms that some face takes apart. The first is one for every face. */
const WITH_INEXACT = [
  `{"messages":[{"text":"a"}],"topics":[{"text":"a","n":${NUMBERS}}],"total":9007199254740993}`,
  `{"columns":["a"],"types":["BIGINT"],"rows":[${INEXACT.map((one) => `[${one}]`).join()}],"total":1e400}`,
  ...[NUMBERS, `{"rows":${NUMBERS}}`, ...INEXACT],
];
/** What a double makes of them. */
const CHANGED = /9007199254740992|12345678901234567000|rawJSON/;

type FastCheckArbitrary<T> = import('fast-check').Arbitrary<T>;
