/** Jobs that hold anything, made for the readings of a dialect. */
import type { Json } from '../../core/job.ts';
import type { Dialect } from '../../http/dialect.ts';
import type { DialectAdapter, JobIds, Readings } from './adapter.ts';
import { OWNER_TENANT, openRig, type Rig } from './rig.ts';
import { createWorker, STAGED_TYPE, stageJob } from './stage.ts';

export interface Held {
  readonly origin: Json;
  readonly end:
    | { readonly kind: 'json'; readonly result: Json }
    | { readonly kind: 'bytes'; readonly contentType: string; readonly bytes: Uint8Array }
    | { readonly kind: 'failed'; readonly message: string; readonly details: Json };
}

/** A server, what it is asked about a job, and what the dialect itself remembers of one. */
export interface Scene {
  readonly dialect: string;
  readonly rig: Rig;
  readonly readings: Readings;
  readonly remembered: Json;
}

export async function openScene<O>(dialect: Dialect<O>, adapter: DialectAdapter<O>): Promise<Scene> {
  const rig = await openRig(dialect, adapter, { isPatient: false });
  const readings = (await adapter.readings?.((request) => rig.send(request))) ?? { requests: () => [] };
  return { dialect: dialect.name, rig, readings, remembered: await rememberedBy(rig, adapter) };
}

async function rememberedBy<O>(rig: Rig, adapter: DialectAdapter<O>): Promise<Json> {
  if (adapter.start === null) return null;
  const id = adapter.started(await rig.send(adapter.start)) ?? '';
  const [lookup] = await rig.engine.read(OWNER_TENANT, [id]);
  return lookup?.kind === 'found' ? (lookup.snapshot.job.origin?.data ?? null) : null;
}

/** Takes a job to its end. */
export async function stageHeld({ dialect, rig, readings }: Scene, { origin, end }: Held): Promise<JobIds> {
  const submit = { ...readings.submit, origin: { dialect, data: origin } };
  const { job } = await stageJob(rig, 'queued', { submit: { ...submit, type: STAGED_TYPE } });
  const worker = createWorker(rig.engine, OWNER_TENANT);
  const held = await worker.claim(STAGED_TYPE);
  if (end.kind === 'json') await worker.succeed(held, end.result);
  else if (end.kind === 'bytes') await worker.succeedWith(held, end.contentType, end.bytes);
  else await worker.fail(held, end.message, false, end.details);
  return job;
}
