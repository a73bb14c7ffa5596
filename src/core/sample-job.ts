/** Jobs for tests: an ordinary one, with what matters to the test written over it. */
import { type Job, type JobSpec, jobOf } from './job.ts';

/** The moment at which sample jobs are made: any fixed time will do, so it is one that is easy to read in a failure. */
export const SAMPLE_NOW = Date.UTC(2026, 0, 1);

export function sampleJob(over: Partial<Job> = {}): Job {
  const spec: JobSpec = {
    id: '01890000-0000-7000-8000-000000000001',
    tenant: 'default',
    type: 'echo',
    priority: 0,
    runAt: SAMPLE_NOW,
    tags: {},
    retry: { attempts: 3, backoffMs: 1_000, factor: 2, maxMs: 60_000 },
    timeoutMs: 60_000,
    deadlineMs: null,
    sequenceKey: null,
    createdAt: SAMPLE_NOW,
    retainMs: 86_400_000,
    idempotencyKey: null,
    requestHash: null,
    callbackUrl: null,
    origin: null,
    terms: null,
  };
  return Object.freeze({ ...jobOf(spec, 1), ...over });
}
