/** The jobs as they have to be, and every revision that they have been through. */
import assert from 'node:assert/strict';
import type { Job } from '../../src/core/job.ts';
import type { ResultContent } from '../../src/store/contract.ts';

export interface Entry {
  readonly job: Job;
  readonly input: string;
  readonly result: ResultContent | null;
}

export interface Book {
  /** By number. */
  jobs(): readonly Job[];
  entry(id: string): Entry | undefined;
  job(number: number): Job | undefined;
  put(entry: Entry): void;
  /** A job that is there, changed. */
  change(job: Job): void;
  remove(id: string): void;
  /** The job at this revision, also one that is not there any more. */
  at(number: number, revision: number): Job | undefined;
}

export function createBook(): Book {
  const entries = new Map<string, Entry>();
  const past = new Map<string, Job>();
  const jobs = () => [...entries.values()].map(({ job }) => job).toSorted((a, b) => a.number - b.number);
  const put = (entry: Entry) => {
    entries.set(entry.job.id, entry);
    past.set(`${entry.job.number} ${entry.job.revision}`, entry.job);
  };
  return {
    jobs,
    put,
    entry: (id) => entries.get(id),
    job: (number) => jobs().find((job) => job.number === number),
    change(job) {
      const entry = entries.get(job.id);
      assert.ok(entry !== undefined);
      put({ ...entry, job });
    },
    remove: (id) => entries.delete(id),
    at: (number, revision) => past.get(`${number} ${revision}`),
  };
}
