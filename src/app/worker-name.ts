/** What this process is called in leases, and what the list of workers says of it. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/** Readable for people, and unique though process ids come again. */
export function workerName(): string {
  return `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
}

export function processFacts(version: string) {
  return { host: hostname(), pid: process.pid, version };
}
