/** The jobs: found by filters, followed as they change, and changed one by one or all that fit. */
import { useEffect, useState } from 'preact/hooks';
import { SERVER } from '../address.js';
import { countText } from '../format.js';
import { html } from '../html.js';
import { hasFilter, NO_FILTERS } from '../job-query.js';
import { BulkBar } from '../parts/bulk-bar.js';
import { BulkProgress } from '../parts/bulk-progress.js';
import { FailureGroups } from '../parts/failure-groups.js';
import { JobFilters } from '../parts/job-filters.js';
import { JobTable } from '../parts/job-table.js';
import { LiveMark } from '../parts/live-mark.js';
import { Empty, Problem } from '../parts/notice.js';
import { Pages } from '../parts/pages.js';
import { setQuery, usePlace } from '../router.js';
import { useShared } from '../shared.js';
import { useJobList } from '../use-job-list.js';
import { useLoaded } from '../use-loaded.js';

export function Jobs() {
  const { api } = useShared();
  const { query } = usePlace();
  const [run, setRun] = useState(/** @type {import('../bulk-run.js').BulkRun | null} */ (null));
  const types = useLoaded((signal) => api.types({ signal }), [api]).value ?? [];
  const isGrouped = query.get('view') === 'failures';
  return html`<div class="stack">
    <div class="page-head">
      <h1>Jobs</h1>
      <div class="row">
        <div class="segments" role="group" aria-label="View">
          <button type="button" aria-pressed=${!isGrouped} onClick=${() => setQuery({ view: null })}>List</button>
          <button type="button" aria-pressed=${isGrouped} onClick=${() => setQuery({ view: 'failures', cursor: null })}>Failures by kind</button>
        </div>
        <${LiveMark} />
      </div>
    </div>
    <${JobFilters} query=${query} types=${types} isGrouped=${isGrouped} />
    ${run === null ? null : html`<${BulkProgress} key=${run.key} run=${run} onClose=${() => setRun(null)} />`}
    ${
      isGrouped
        ? html`<${FailureGroups} query=${query} onRun=${setRun} />`
        : html`<${JobList} query=${query} firstType=${types[0]?.name ?? 'echo'} onRun=${setRun} />`
    }
  </div>`;
}

/** @param {{ query: URLSearchParams, firstType: string, onRun: (run: import('../bulk-run.js').BulkRun) => void }} props */
function JobList({ query, firstType, onRun }) {
  const { jobs, filter, page, newCount, error, isLoading, reload } = useJobList(query);
  const [selected, select] = useState(/** @type {ReadonlySet<string>} */ (new Set()));
  const text = query.toString();
  useEffect(() => select(new Set()), [text]);
  const chosen = jobs?.filter(({ id }) => selected.has(id)) ?? [];
  /** @param {import('../bulk-run.js').BulkRun} run */
  const start = (run) => {
    select(new Set());
    onRun(run);
    void run.ended.then(reload);
  };
  if (jobs === undefined) {
    return error === null
      ? html`<p class="quiet" role="status">Loading…</p>`
      : html`<${Problem} error=${error} retry=${reload} />`;
  }
  return html`<${Problem} error=${error} retry=${reload} />
    <section class="card" aria-busy=${isLoading}>
      <${BulkBar} chosen=${chosen} jobs=${jobs} filter=${filter} hasMore=${page?.next != null || query.has('cursor')} onSelect=${select} onRun=${start} />
      ${newCount > 0 && html`<button type="button" class="news" onClick=${reload}>${countText(newCount)} new – show</button>`}
      ${
        jobs.length === 0
          ? html`<${NoJobs} isFiltered=${hasFilter(query) || query.has('cursor')} type=${firstType} />`
          : html`<${JobTable} jobs=${jobs} selected=${selected} onSelect=${select} />`
      }
      <${Pages} next=${page?.next ?? null} text=${page?.searchStopped === true ? 'The search has looked at as many jobs as one call may. Older ones may fit too.' : `${countText(jobs.length)} jobs on this page`} />
    </section>`;
}

/** @param {{ isFiltered: boolean, type: string }} props */
function NoJobs({ isFiltered, type }) {
  if (isFiltered) {
    return html`<${Empty} title="No job fits">
      Nothing has these filters in common. <button type="button" class="plain" onClick=${() => setQuery(NO_FILTERS)}>Show all jobs</button>
    <//>`;
  }
  const body = JSON.stringify({ type, input: { hello: 'world' } });
  const first = `curl ${SERVER}/v1/jobs \\\n  -H "authorization: Bearer $BIDE_KEY" \\\n  -H 'content-type: application/json' \\\n  -d '${body}'`;
  return html`<${Empty} title="No jobs yet" code=${first}>Submit the first one. It shows up here by itself.<//>`;
}
