/** Saved queries and data sets: those of the config, and those that callers registered (kept as documents). */
import { randomBytes } from 'node:crypto';
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import type { Documents, Engine } from '../../engine/api.ts';
import type { Dataset, ToolkitOptions } from './options.ts';

export interface SavedQuery {
  readonly id: string;
  readonly query: string;
  readonly datasetId: string | null;
}

export interface Library {
  /** Null where the tenant has no such query. */
  query(tenant: string, id: string): Promise<SavedQuery | null>;
  dataset(tenant: string, id: string): Promise<Dataset | null>;
  saveQuery(tenant: string, draft: QueryDraft): Promise<{ readonly id: string; readonly createdAt: number }>;
  saveDataset(tenant: string, dataset: Dataset): Promise<string>;
}

export interface QueryDraft {
  readonly name: string;
  readonly query: string;
  readonly description: string | null;
  readonly datasetId: string | null;
}

const QUERY_KIND = 'toolkitapi.query';
const DATASET_KIND = 'toolkitapi.dataset';
const ID_BYTES = 8;

export function createLibrary(options: {
  readonly documents: Documents;
  readonly engine: Pick<Engine, 'clock'>;
  readonly config: Pick<ToolkitOptions, 'queries' | 'datasets'>;
}): Library {
  const { documents, engine, config } = options;

  async function write(tenant: string, kind: string, prefix: string, data: Json) {
    const name = `${prefix}_${randomBytes(ID_BYTES).toString('hex')}`;
    const outcome = await documents.documentWrite({
      tenant,
      kind,
      name,
      data,
      expectRevision: 0,
      now: engine.clock.now(),
    });
    if (outcome.kind === 'stale') throw new BideError('CHANGED_MEANWHILE', `The id ${name} is taken.`);
    return outcome.document;
  }

  return {
    async query(tenant, id) {
      const configured = Object.hasOwn(config.queries, id) ? config.queries[id] : undefined;
      if (configured !== undefined) return { id, query: configured.query, datasetId: configured.dataset_id ?? null };
      const document = await documents.documentRead({ tenant, kind: QUERY_KIND, name: id });
      return document === null ? null : { id, ...(document.data as unknown as Omit<SavedQuery, 'id'>) };
    },
    async dataset(tenant, id) {
      const configured = Object.hasOwn(config.datasets, id) ? config.datasets[id] : undefined;
      if (configured !== undefined) return configured;
      const document = await documents.documentRead({ tenant, kind: DATASET_KIND, name: id });
      return document === null ? null : (document.data as unknown as Dataset);
    },
    async saveQuery(tenant, draft) {
      const document = await write(tenant, QUERY_KIND, 'qry', { ...draft });
      return { id: document.name, createdAt: document.createdAt };
    },
    async saveDataset(tenant, dataset) {
      const document = await write(tenant, DATASET_KIND, 'dset', { ...dataset } as Json);
      return document.name;
    },
  };
}
