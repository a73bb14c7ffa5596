/**
 * Whatever a job holds, every reading of it is answered: any JSON as result, error and origin, bytes of any type.
 *
 * A job that a face cannot digest must not answer 500, nor keep others out of the lists that it is in. A failure prints the seed and the
 * smallest job.
 */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { Dialect } from '../../http/dialect.ts';
import type { DialectAdapter, WireRequest } from './adapter.ts';
import { type Held, openScene, type Scene, stageHeld } from './held.ts';
import { OWNER_TENANT } from './rig.ts';

/** About 2 s; FUZZ_RUNS in the environment raises it. */
const RUNS_DEFAULT = 60;

export function testReadings<O>(dialect: Dialect<O>, adapter: DialectAdapter<O>): void {
  let scene: Scene;
  before(async () => {
    scene = await openScene(dialect, adapter);
  });
  after(() => scene.rig.close());

  async function requireAnswer(request: WireRequest): Promise<void> {
    const answer = await scene.rig.send(request);
    const said = `${request.method} ${request.path}: ${answer.status} ${answer.text.slice(0, 300)}`;
    assert.ok(answer.status < 500, said);
    assert.equal(adapter.complaint(answer, request), null, said);
  }

  async function requireReadable(content: Held): Promise<void> {
    const { rig, readings } = scene;
    const job = await stageHeld(scene, content);
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
    const { endOf, nearJson } = await import('./any-json.ts');
    const held = fc.record({ origin: nearJson(scene.remembered), end: endOf() });
    const property = fc.asyncProperty(held, requireReadable);
    const numRuns = Number(process.env.FUZZ_RUNS ?? RUNS_DEFAULT);
    await fc.assert(property, { numRuns, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true });
  });

  it('a number that a double cannot hold has its digits wherever a result is read', async () => {
    const { rig, readings, remembered } = scene;
    const large = `{"x":"${'x'.repeat(rig.engine.limits.resultInlineBytesMax)}",${WITH_INEXACT[0]?.slice(1)}`;
    for (const text of [...WITH_INEXACT, large]) {
      const bytes = Buffer.from(text);
      const job = await stageHeld(scene, {
        origin: remembered,
        end: { kind: 'bytes', contentType: 'application/json', bytes },
      });
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
    const { jsonDepthMax, resultInlineBytesMax } = scene.rig.engine.limits;
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
