/** A tenant that submits and has no room, and what every face says to it. */
import { BideError } from './errors.ts';

/** Which limit it has reached, and the value of that. */
export interface Quota {
  readonly limit: 'jobsWaitingMax' | 'storedBytesPerTenantMax' | 'bulkPerTenantMax';
  readonly value: number;
}

const REACHED: Readonly<Record<Quota['limit'], (value: number) => string>> = {
  jobsWaitingMax: (value) => `The tenant has ${value} unfinished jobs, which is the limit.`,
  bulkPerTenantMax: (value) => `The tenant has ${value} unfinished bulk calls, which is the limit.`,
  storedBytesPerTenantMax: (value) =>
    `The inputs and results of the tenant's jobs are at the limit of ${value} bytes. Finished jobs that are removed make room.`,
};

export function quotaError({ limit, value }: Quota): BideError {
  return new BideError('QUOTA_EXCEEDED', REACHED[limit](value), { limit, value });
}
