/** The entry of the thread that checks one large JSON text, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { jsonComplaint } from '../core/json-text.ts';
import type { CheckRequest } from './json-check.ts';

const { bytes, depthMax } = workerData as CheckRequest;
parentPort?.postMessage(jsonComplaint(bytes, depthMax));
