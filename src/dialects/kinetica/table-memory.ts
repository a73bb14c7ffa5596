/**
 * Tables that pages are cut from, kept in memory between two pages: to read one of 100,000 rows anew costs the event loop 150 ms.
 *
 * Bounded by the length of the texts that they were made of, whoever asked for them; a table takes some four times as much. Tables that
 * are larger than all of it are made for each page. A final job's result changes only with its revision.
 */
import type { Job } from '../../core/job.ts';
import type { SqlTable } from './sql-columns.ts';

export interface TableMemory {
  get(job: Pick<Job, 'id' | 'revision'>): SqlTable | undefined;
  put(job: Pick<Job, 'id' | 'revision' | 'result'>, table: SqlTable): void;
}

const BYTES_MAX = 8 * 1_024 * 1_024;

export function createTableMemory(bytesMax: number = BYTES_MAX): TableMemory {
  const kept = new Map<string, { readonly table: SqlTable; readonly bytes: number }>();
  let bytesKept = 0;

  function drop(key: string): void {
    bytesKept -= kept.get(key)?.bytes ?? 0;
    kept.delete(key);
  }

  return {
    get(job) {
      const key = keyOf(job);
      const entry = kept.get(key);
      if (entry === undefined) return undefined;
      // The last one asked for is the last to go.
      kept.delete(key);
      kept.set(key, entry);
      return entry.table;
    },
    put(job, table) {
      const bytes = job.result?.bytes ?? 0;
      if (bytes > bytesMax) return;
      const key = keyOf(job);
      drop(key);
      kept.set(key, { table, bytes });
      bytesKept += bytes;
      for (const oldest of kept.keys()) {
        if (bytesKept <= bytesMax) break;
        drop(oldest);
      }
    },
  };
}

function keyOf({ id, revision }: Pick<Job, 'id' | 'revision'>): string {
  return `${id} ${revision}`;
}
