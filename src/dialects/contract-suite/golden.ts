/**
 * Golden exchanges: requests and the answers that a vendor's documentation calls for, replayed byte for byte.
 *
 * A file holds steps: requests, and between them what the job's worker and the clock do. `GOLDEN=write node --test <folder>/*.test.ts` fills in
 * the answers of steps that have none yet and rewrites those that differ; what it wrote is then compared with the vendor's
 * specification by a person, and from then on by every test run.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Json } from '../../core/job.ts';
import type { SubmitRequest } from '../../engine/api.ts';
import { type DialectAdapter, TEST_TYPE, type WireAnswer, type WireRequest } from './adapter.ts';
import { createGoldenNames, type GoldenNames } from './golden-names.ts';
import type { Rig } from './rig.ts';
import { createWorker, type Held, type Worker } from './stage.ts';

export interface GoldenAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The body: as JSON where it is compact JSON, else as text, else as bytes in base64. */
  readonly json?: Json;
  readonly text?: string;
  readonly base64?: string;
}

export type GoldenStep =
  | {
      readonly request: Omit<WireRequest, 'body'> & {
        readonly text?: string;
        readonly base64?: string;
        /** Whose key is sent: the default tenant's unless told. */
        readonly as?: 'other' | 'limited' | 'nobody' | 'stranger';
      };
      /** Done while the request is held. */
      readonly meanwhile?: readonly GoldenStep[];
      readonly response?: GoldenAnswer;
    }
  /** Submitted natively; its id becomes the next `{{id…}}`. */
  | { readonly submit: Partial<Omit<SubmitRequest, 'tenant'>> }
  /** The worker takes the job of this type that is due first; the three that follow are about that job. */
  | { readonly claim: string }
  | { readonly succeed: Json }
  | { readonly fail: string; readonly retryable?: boolean }
  | { readonly report: number }
  /** Cancels natively. */
  | { readonly cancel: string }
  | { readonly advanceMs: number };

export interface GoldenFile {
  readonly title: string;
  readonly steps: readonly GoldenStep[];
}

export interface GoldenExchange {
  readonly path: string;
  readonly file: GoldenFile;
}

export function goldenFiles(folder: URL): readonly GoldenExchange[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => {
    const path = fileURLToPath(new URL(name, folder));
    return { path, file: JSON.parse(readFileSync(path, 'utf8')) as GoldenFile };
  });
}

/** Plays the steps on a fresh rig, and compares, or writes where `GOLDEN=write` is in the environment. */
export async function replay<O>(rig: Rig, adapter: DialectAdapter<O>, { path, file }: GoldenExchange): Promise<void> {
  const player = createPlayer(rig, adapter);
  const played: GoldenStep[] = [];
  for (const step of file.steps) played.push(await player(step));
  if (process.env.GOLDEN === 'write') writeFileSync(path, `${JSON.stringify({ ...file, steps: played }, null, 2)}\n`);
  // As text: the order of keys counts, since clients see bytes.
  else assert.equal(JSON.stringify(played, null, 2), JSON.stringify(file.steps, null, 2), path);
}

type Play = (step: GoldenStep) => Promise<GoldenStep>;

function createPlayer<O>(rig: Rig, adapter: DialectAdapter<O>): Play {
  const names = createGoldenNames({ base: rig.url }, adapter.volatile ?? []);
  const worker = createWorker(rig.engine, rig.tenant);
  const act = createActor(rig, names, worker);
  const kept = ['content-type', ...(adapter.goldenHeaders ?? [])];
  const play: Play = async (step) => {
    if (!('request' in step)) {
      await act(step);
      return step;
    }
    const { request, meanwhile } = step;
    const answering = rig.send(filledRequest(request, names), request.as ?? 'owner');
    if (meanwhile !== undefined) {
      await Promise.race([rig.held(1), answering]);
      for (const inner of meanwhile) await play(inner);
    }
    return { ...step, response: goldenAnswer(await answering, names, kept) };
  };
  return play;
}

function createActor(rig: Rig, names: GoldenNames, worker: Worker): (step: GoldenStep) => Promise<void> {
  let held: Held | undefined;
  const mine = (): Held => {
    if (held === undefined) throw new Error('Nothing was claimed yet.');
    return held;
  };
  return async (step) => {
    if ('submit' in step) {
      const [outcome] = await rig.engine.submit([{ tenant: rig.tenant, type: TEST_TYPE, ...step.submit }]);
      if (outcome?.kind !== 'created') throw new Error(`The job was not submitted: ${outcome?.kind}.`);
      names.templated(outcome.snapshot.job.id);
    } else if ('claim' in step) held = await worker.claim(step.claim);
    else if ('succeed' in step) await worker.succeed(mine(), step.succeed);
    else if ('fail' in step) await worker.fail(mine(), step.fail, step.retryable);
    else if ('report' in step) await worker.report(mine(), step.report);
    else if ('cancel' in step) await rig.engine.cancel(rig.tenant, names.filled(step.cancel));
    else if ('advanceMs' in step) rig.clock.advance(step.advanceMs);
  };
}

function filledRequest(request: Extract<GoldenStep, { request: unknown }>['request'], names: GoldenNames): WireRequest {
  const { method, path, headers, json, text, base64 } = request;
  const filledHeaders = Object.entries(headers ?? {}).map(([name, value]) => [name, names.filled(value)]);
  return {
    method,
    path: names.filled(path),
    headers: Object.fromEntries(filledHeaders),
    ...(json === undefined ? {} : { json: JSON.parse(names.filled(JSON.stringify(json))) as Json }),
    ...(text === undefined ? {} : { body: names.filled(text) }),
    ...(base64 === undefined ? {} : { body: Buffer.from(base64, 'base64') }),
  };
}

function goldenAnswer(answer: WireAnswer, names: GoldenNames, kept: readonly string[]): GoldenAnswer {
  const headers: Record<string, string> = {};
  for (const name of kept) {
    const value = answer.headers[name];
    if (value !== undefined) headers[name] = names.templated(value);
  }
  return { status: answer.status, headers, ...goldenBody(answer, names) };
}

function goldenBody(answer: WireAnswer, names: GoldenNames): Pick<GoldenAnswer, 'json' | 'text' | 'base64'> {
  if (!Buffer.from(answer.text, 'utf8').equals(answer.bytes)) return { base64: answer.bytes.toString('base64') };
  const text = names.templated(answer.text);
  const json = compactJson(text);
  return json === undefined ? { text } : { json };
}

/** The value, if writing it again gives the very same bytes; then the golden file may hold it in a form that people can read. */
function compactJson(text: string): Json | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return JSON.stringify(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}
