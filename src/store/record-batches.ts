/**
 * Packs records into batches that a process can hold and a transaction can carry: bounded by count and by weight, so that
 * neither a million small jobs nor a few large results make a batch too large. A record that is heavier than a batch may be goes alone.
 */
import type { StoreRecord, WholeJob } from './contract.ts';

/** A transaction of 500 jobs takes some 10 ms in either engine; larger ones gain nothing. */
export const BATCH_RECORDS_MAX = 500;
/** Bytes of inputs, results, logs, documents and deliveries, characters counted as bytes. */
export const BATCH_BYTES_MAX = 4 * 1_024 * 1_024;

/** In the order in which they come. */
export async function* recordBatches(
  records: Iterable<StoreRecord> | AsyncIterable<StoreRecord>,
): AsyncGenerator<readonly StoreRecord[], void> {
  let batch: StoreRecord[] = [];
  let weight = 0;
  for await (const record of records) {
    const more = weightOf(record);
    if (batch.length >= BATCH_RECORDS_MAX || (batch.length > 0 && weight + more > BATCH_BYTES_MAX)) {
      yield batch;
      batch = [];
      weight = 0;
    }
    batch.push(record);
    weight += more;
  }
  if (batch.length > 0) yield batch;
}

/** Of what has no narrow bound. */
function weightOf(record: StoreRecord): number {
  if (record.kind === 'document') return JSON.stringify(record.document.data).length;
  if (record.kind === 'group') return JSON.stringify(record.followUps).length;
  if (record.kind === 'delivery') return record.delivery.body.length;
  return record.kind === 'job' ? recordWeight(record) : 0;
}

export function recordWeight({ input, result, logs }: WholeJob): number {
  const logBytes = logs.reduce((sum, { line, fields }) => sum + line.length + (fields?.length ?? 0), 0);
  return input.length + (result?.bytes.byteLength ?? 0) + logBytes;
}
