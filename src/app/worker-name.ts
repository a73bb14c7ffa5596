/** The name of this process in leases: readable for people, and unique though process ids come again. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

export function workerName(): string {
  return `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
}
