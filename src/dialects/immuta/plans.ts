/**
 * Plans: what applying or deleting the description of a connection's data sources changes, as `/api/v2/data` answers it.
 *
 * The jobs are the memory. What a connection has is what the newest job of its key that has not failed left there: a deletion nothing, an
 * application what its handler said, or else what its body names. A dry run reads that and starts nothing; the vendor's clients use
 * the dry run of a deletion to ask whether a connection exists, and take 404 for no.
 */
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { fieldsOf } from '../../core/json-object.ts';
import type { Snapshot } from '../../engine/api.ts';
import { jsonValueOf, resultOf } from '../result-of.ts';
import type { Call } from './call.ts';
import { KEY_TAG } from './mapping.ts';
import { namesIn, texts } from './source-names.ts';
import { connectionKeyOf, type Started } from './submission.ts';

export interface Plan {
  readonly creating: readonly string[];
  readonly updating: readonly string[];
  readonly deleting: readonly string[];
  readonly noChange: readonly string[];
  readonly detectionRunning: boolean;
  readonly tagsUpdated: boolean;
}

const NOTHING: Plan = {
  creating: [],
  updating: [],
  deleting: [],
  noChange: [],
  detectionRunning: false,
  tagsUpdated: false,
};

/** Jobs of a key that are looked at: those that failed are passed over, and somebody may try again and again. */
const LOOKED_AT = 20;

/**
 * What the request would do as far as that is known. JOB_NOT_FOUND for a dry run that deletes what is not there; deleting it in earnest is
 * left to the handler, since what made a connection may be older than what is remembered.
 */
export async function planOf(call: Call, started: Started, dryRun: boolean): Promise<Plan> {
  const key = connectionKeyOf(started);
  const known = key === null ? null : await namesOf(call, key);
  if (started.endpoint === 'v2/data/delete') {
    if (known === null && dryRun) throw new BideError('JOB_NOT_FOUND', 'Not Found');
    return { ...NOTHING, deleting: known ?? [] };
  }
  const wanted = namesIn(started.body);
  const old = new Set(known ?? []);
  return {
    ...NOTHING,
    creating: wanted.filter((name) => !old.has(name)),
    updating: wanted.filter((name) => old.has(name)),
    deleting: wanted.length === 0 ? [] : [...old].filter((name) => !wanted.includes(name)),
  };
}

/** Names of the data sources of a connection; null where there is none. */
async function namesOf(call: Call, key: string): Promise<readonly string[] | null> {
  const page = await call.context.engine.list({
    tenant: call.principal.tenant,
    tags: { [KEY_TAG]: key },
    limit: LOOKED_AT,
    hasResults: false,
  });
  const last = page.snapshots.find(({ job }) => !['failed', 'cancelled', 'expired'].includes(job.state));
  if (last === undefined || endpointOf(last) === 'v2/data/delete') return null;
  return appliedNames(call, last);
}

async function appliedNames(call: Call, snapshot: Snapshot): Promise<readonly string[]> {
  const said = fieldsOf(jsonValueOf(await resultOf(call.context.engine, snapshot)));
  const names = ['creating', 'updating', 'noChange'].flatMap((field) => texts(said[field]));
  return names.length > 0 ? names : texts(fieldsOf(snapshot.job.origin?.data).sources);
}

function endpointOf({ job }: Snapshot): Json | undefined {
  return fieldsOf(job.origin?.data).endpoint;
}
