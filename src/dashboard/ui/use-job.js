/** One job, as it is now. */
import { useEffect, useState } from 'preact/hooks';
import { useShared } from './shared.js';
import { useLive } from './use-live.js';
import { useLoaded } from './use-loaded.js';

/** @typedef {import('bide/client').JobBody} JobBody */

/** @param {string} id */
export function useJob(id) {
  const { api } = useShared();
  const { value, error, reload } = useLoaded((signal) => api.get(id, { signal }), [api, id]);
  const [job, setJob] = useState(/** @type {JobBody | undefined} */ (undefined));
  /** @param {JobBody | undefined} next */
  const take = (next) =>
    setJob((before) => (next !== undefined && next.revision >= (before?.revision ?? 0) ? next : before));
  useEffect(() => take(value), [value]);
  useLive(({ job: next }) => {
    if (next.id === id) take(next);
  }, reload);
  return { job, error, reload, take };
}
