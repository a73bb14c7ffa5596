/**
 * Puts an archive into a store, batch by batch, each in a transaction of its own.
 *
 * Whatever ends it before its end, what was stored by then stays, and the same import can be continued: records that are
 * there are passed over. The first one that something else is in the way of ends it, since half of two stores in one is
 * worse than none.
 */
import { BideError } from '../../core/errors.ts';
import type { Store, StoreRecord } from '../../store/contract.ts';
import { recordBatches } from '../../store/record-batches.ts';
import { type Archive, countedWith } from './archive.ts';
import { NO_RECORDS, type RecordCounts } from './record-lines.ts';

export interface ImportTally {
  readonly written: RecordCounts;
  /** There before: passed over. */
  readonly present: RecordCounts;
}

export const NOTHING_IMPORTED: ImportTally = Object.freeze({ written: NO_RECORDS, present: NO_RECORDS });

export interface ImportOptions {
  /** Brought to the schema of this version first. */
  readonly store: Store;
  readonly archive: Archive;
  /** Whether there may be jobs in the store. */
  readonly isContinued: boolean;
  readonly onTally: (tally: ImportTally) => void;
}

/** Rejects with IMPORT_REFUSED when the store is in use or something is in the way, else as `Archive.records` and the store do. */
export async function importArchive({ store, archive, isContinued, onTally }: ImportOptions): Promise<ImportTally> {
  await store.migrate();
  if (!isContinued) await requireUnused(store);
  let tally = NOTHING_IMPORTED;
  for await (const batch of recordBatches(archive.records)) {
    const outcomes = await store.restore(batch);
    const which = (wanted: (typeof outcomes)[number]) => batch.filter((_, index) => outcomes[index] === wanted);
    tally = {
      written: countedWith(tally.written, which('written')),
      present: countedWith(tally.present, which('present')),
    };
    onTally(tally);
    const [conflict] = which('conflict');
    if (conflict !== undefined) throw refusedFor(conflict);
  }
  return tally;
}

/** The counter says whether there ever was a job, and is the first record of every dump. */
async function requireUnused(store: Store): Promise<void> {
  for await (const [counter] of store.dump()) {
    if (counter?.kind !== 'counter' || counter.number === 0) return;
    const message = `The store is in use: it has given out job numbers up to ${counter.number}.`;
    throw new BideError('IMPORT_REFUSED', message, { number: counter.number });
  }
}

function refusedFor(record: StoreRecord): BideError {
  const { name, taken } = conflictOf(record);
  const message = `${name} cannot be written: ${taken}, or what is there is older.`;
  return new BideError('IMPORT_REFUSED', message, { kind: record.kind });
}

function conflictOf(record: StoreRecord): { readonly name: string; readonly taken: string } {
  switch (record.kind) {
    case 'job': {
      const { id, number, tenant } = record.job;
      const name = `Job ${id} (number ${number}, tenant ${tenant})`;
      return { name, taken: 'its id, its number or its idempotency key is taken by something else' };
    }
    case 'tombstone': {
      const { id, number } = record.tombstone;
      return {
        name: `The tombstone of job ${id}`,
        taken: `its id or its number, ${number}, is taken by something else`,
      };
    }
    case 'key':
      return { name: `Key ${record.key.id} (${record.key.name})`, taken: 'another key has its id' };
    case 'document': {
      const { kind, name, tenant } = record.document;
      return { name: `Document ${kind} ${name} of tenant ${tenant}`, taken: 'another one has its name' };
    }
    case 'limit':
      return { name: `The limit of key ${record.limit.key}`, taken: 'the store refused it' };
    case 'delivery': {
      const { jobId, revision, tenant } = record.delivery;
      return {
        name: `A delivery of job ${jobId} at revision ${revision}, tenant ${tenant},`,
        taken: 'the store refused it',
      };
    }
    case 'event': {
      const { position, job } = record.event;
      return { name: `Event ${position} (job ${job.id})`, taken: 'another event has its position' };
    }
    case 'group':
      return { name: `Group ${record.group.id}`, taken: 'its id or its idempotency key is taken by another one' };
    case 'member': {
      const { group, number } = record.member;
      return {
        name: `Member ${number} of group ${group}`,
        taken: 'the job is in another group, or its group is not there',
      };
    }
    case 'counter':
      return { name: 'The counter of job numbers', taken: 'the store refused it' };
  }
}
