/**
 * The one check of results that claim to be JSON, wherever they come from. A status embeds small ones as they are, and every face reads
 * them: one that was not JSON, or nested 30,000 levels deep, would break the answers of its job and of every list that it is in.
 *
 * Large texts are checked in a thread of their own, one after another: 16 MiB take 100 ms and more, and nobody's status read waits for that.
 */
import { Worker } from 'node:worker_threads';
import { jsonComplaint } from '../core/json-text.ts';
import type { Limits } from '../core/limits.ts';
import { isJsonType } from '../core/media-type.ts';
import type { ResultContent } from '../store/contract.ts';

/** Below it parsing takes under 3 ms, less than starting a thread (30 ms on two busy cores). */
const INLINE_BYTES_MAX = 256 * 1_024;

/** Beside this file, as TypeScript from the sources and as JavaScript once built. */
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './json-check-thread.ts' : './json-check-thread.js',
  import.meta.url,
);

export interface CheckRequest {
  readonly bytes: Uint8Array;
  readonly depthMax: number;
}

/** Bytes that are known to be sound: written by ourselves, or checked before. */
const sound = new WeakSet<Uint8Array>();

let latest: Promise<unknown> = Promise.resolve();

/** What is wrong with a result that calls itself JSON, as the end of a sentence; null where nothing is, or it does not call itself so. */
export function resultComplaint(
  { contentType, bytes }: ResultContent,
  limits: Pick<Limits, 'jsonDepthMax'>,
): string | null | Promise<string | null> {
  return isJsonType(contentType) ? complaintAbout(bytes, limits) : null;
}

/** Of bytes that are small enough to be looked at here and now. */
export function isSoundNow(bytes: Uint8Array, { jsonDepthMax }: Pick<Limits, 'jsonDepthMax'>): boolean {
  return sound.has(bytes) || jsonComplaint(bytes, jsonDepthMax) === null;
}

export function complaintAbout(
  bytes: Uint8Array,
  { jsonDepthMax: depthMax }: Pick<Limits, 'jsonDepthMax'>,
): string | null | Promise<string | null> {
  if (sound.has(bytes)) return null;
  if (bytes.byteLength > INLINE_BYTES_MAX) return inThread({ bytes, depthMax });
  return remembered(bytes, jsonComplaint(bytes, depthMax));
}

/** For JSON that was written by us a moment ago: it is not parsed again. */
export function vouchFor(bytes: Uint8Array): void {
  sound.add(bytes);
}

async function inThread(request: CheckRequest): Promise<string | null> {
  const turn = latest.then(() => askThread(request));
  latest = turn.catch(() => undefined);
  return remembered(request.bytes, await turn);
}

function askThread(request: CheckRequest): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(ENTRY, { workerData: request, env: {}, execArgv: [] });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('The thread that checks JSON ended without an answer.')));
  });
}

function remembered(bytes: Uint8Array, complaint: string | null): string | null {
  if (complaint === null) sound.add(bytes);
  return complaint;
}
