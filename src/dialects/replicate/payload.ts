/** Reading what a prediction tells beside its job: input, logs, output. All of it has a bound where it is stored. */
import type { Engine, LogLine, Snapshot, Stream } from '../../engine/api.ts';
import { resultOf } from '../result-of.ts';
import { logsText, outputText, type Payload } from './mapping.ts';

const NEVER = new AbortController().signal;
/** A thousand lines each: a log and an output of single letters are shorter. */
const PAGES_MAX = 10_000;

/** @param hasLogs a list has none */
export async function payloadOf(
  engine: Engine,
  snapshot: Snapshot,
  { hasLogs }: { readonly hasLogs: boolean } = { hasLogs: true },
): Promise<Payload> {
  const { job } = snapshot;
  const hasRun = job.fence > 0;
  const [input, log, chunks, result] = await Promise.all([
    engine.readInput(job.tenant, job.id),
    hasRun && hasLogs ? said(engine, snapshot, 'log') : [],
    hasRun && hasOutput(snapshot) ? said(engine, snapshot, 'output') : [],
    resultOf(engine, snapshot),
  ]);
  return { input: input ?? 'null', logs: hasLogs ? logsText(log) : null, output: outputText(job, result, chunks) };
}

/** A result stands for what was emitted before it. */
function hasOutput({ job, resultText }: Snapshot): boolean {
  return job.state !== 'succeeded' || job.result === null || resultText === 'null';
}

async function said(engine: Engine, { job }: Snapshot, stream: Stream): Promise<readonly LogLine[]> {
  const { id, tenant } = job;
  const limit = engine.limits.logPageMax;
  const all: LogLine[] = [];
  let after = 0;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const outcome = await engine.readLogs({ tenant, id, stream, after, limit, timeoutMs: 0, signal: NEVER });
    if (outcome.kind !== 'found') break;
    all.push(...outcome.lines);
    after = outcome.next;
    // A page of a running job may be short for its bytes alone: only an empty one says that there is no more.
    const isShort = stream === 'log' && outcome.lines.length < limit;
    if (outcome.isDone || outcome.lines.length === 0 || isShort) break;
  }
  return all;
}
