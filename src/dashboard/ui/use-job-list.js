/**
 * One page of jobs that does not move: what stands there is kept up to date, and what comes anew is counted until somebody asks for it.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { filterOf, fits } from './job-query.js';
import { useShared } from './shared.js';
import { useLive } from './use-live.js';
import { useLoaded } from './use-loaded.js';

/** @typedef {import('bide/client').JobBody} JobBody */

export const PAGE_SIZE = 50;
/** Enough to say "many". */
const NEW_MAX = 1_000;
/** Without live changes (paused, away) a list ages; then it says so by its mark, and this only brings back what a pause has missed. */
const NONE = /** @type {ReadonlyMap<string, JobBody>} */ (new Map());

/** @param {URLSearchParams} query */
export function useJobList(query) {
  const { api } = useShared();
  const cursor = query.get('cursor');
  const { value, error, isLoading, reload } = useLoaded(
    async (signal) => {
      const filter = filterOf(query, Date.now());
      const page = await api.listPage({
        ...filter,
        ...(cursor === null ? {} : { cursor }),
        pageSize: PAGE_SIZE,
        signal,
      });
      return { filter, page };
    },
    [api, query.toString()],
  );
  const [changes, setChanges] = useState(NONE);
  const [newCount, setNewCount] = useState(0);
  const seen = useRef(/** @type {Set<string>} */ (new Set()));
  const recent = useRef(/** @type {Map<string, JobBody>} */ (new Map()));
  /** @param {JobBody} job */
  const note = (job) => {
    if (value === undefined) return;
    const { filter, page } = value;
    const shown = page.jobs.find(({ id }) => id === job.id);
    if (shown !== undefined) {
      if (shown.revision < job.revision) setChanges((before) => new Map(before).set(job.id, job));
    } else if (cursor === null && isBefore(job, page) && fits(filter, job) && seen.current.size < NEW_MAX) {
      seen.current.add(job.id);
      setNewCount(seen.current.size);
    }
  };
  useEffect(() => {
    seen.current.clear();
    setChanges(NONE);
    setNewCount(0);
    // What came while the page was on its way may have happened after the server had read it.
    for (const job of recent.current.values()) note(job);
    recent.current.clear();
  }, [value]);
  useLive(({ job }) => {
    if (recent.current.size >= NEW_MAX) recent.current.clear();
    recent.current.set(job.id, job);
    note(job);
  }, reload);
  const jobs = value?.page.jobs.map((job) => changes.get(job.id) ?? job);
  return { jobs, filter: value?.filter ?? {}, page: value?.page, newCount, error, isLoading, reload };
}

/** Whether it would stand on this page. @param {JobBody} job @param {import('bide/client').ListPage} page */
function isBefore(job, { jobs, next }) {
  const last = jobs.at(-1);
  return next === null || last === undefined || job.createdAt >= last.createdAt;
}
