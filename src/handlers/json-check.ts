/**
 * Whether bytes are one JSON value in UTF-8. Status bodies embed small JSON results as they are, so whatever is stored as JSON
 * must be JSON. Large texts are parsed in a thread of their own: 16 MiB take 100 ms and more, and nobody's status read waits
 * for that.
 */
import { Worker } from 'node:worker_threads';

/** Below it parsing takes under 3 ms, less than starting a thread (30 ms on two busy cores). */
const INLINE_BYTES_MAX = 256 * 1_024;

const PARSE = `
const { parentPort, workerData } = require('node:worker_threads');
let isJson = true;
try { JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(workerData)); } catch { isJson = false; }
parentPort.postMessage(isJson);
`;

export function isJson(bytes: Uint8Array): boolean | Promise<boolean> {
  return bytes.byteLength > INLINE_BYTES_MAX ? isJsonInThread(bytes) : isJsonNow(bytes);
}

function isJsonNow(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}

function isJsonInThread(bytes: Uint8Array): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(PARSE, { eval: true, workerData: bytes, env: {}, execArgv: [] });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => resolve(false));
  });
}
