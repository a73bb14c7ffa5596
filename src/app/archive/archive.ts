/**
 * An archive: a whole store as text, one JSON document per line (NDJSON, UTF-8), to move it into another store of either engine.
 *
 * ```
 * {"kind":"bide-export","version":1,"engine":"sqlite","at":1750000000000}     what it is, of which engine, when it was begun
 * {"kind":"counter","number":3,"position":9}                                  the last job number given out, and how far events were fanned out
 * {"kind":"key","key":{…}}                                                    API keys: hashes, never a key itself
 * {"kind":"document","document":{…}}                                          what dialects keep
 * {"kind":"delivery","delivery":{…}}                                          what is still to be sent
 * {"kind":"event","event":{…}}                                                changes that were not fanned out
 * {"kind":"group","group":{…},"followUps":{…}}                               groups, with what they submit at their end
 * {"kind":"member","member":{…}}                                            the jobs in them, by their numbers
 * {"kind":"tombstone","tombstone":{…}}                                        removed jobs
 * {"kind":"job","job":{…},"input":"…","result":{"contentType":"…","base64":"…"},"logs":[…]}
 * {"kind":"end","counts":{"counter":1,"key":1,"document":0,"delivery":1,…,"job":1}}
 * ```
 * - Times are milliseconds since 1970, all else is as in the store's contract. The last line tells a whole archive from one
 *   that was cut off, which nothing else would.
 * - Reading is strict: what is not known is refused, with its line. A reader of version 1 takes no other.
 */
import { constants } from 'node:buffer';
import { BideError } from '../../core/errors.ts';
import type { Store, StoreRecord } from '../../store/contract.ts';
import { isObject, objectOf, oneOf, text, whole } from './checks.ts';
import { NO_RECORDS, type RecordCounts, readRecord, recordCounts, recordLine } from './record-lines.ts';

const KIND = 'bide-export';
const VERSION = 1;
/** A line becomes one string, and a string of V8 has an end: results of 400 MB and more do not fit into one. */
const LINE_BYTES_MAX = constants.MAX_STRING_LENGTH;
/** Base64 makes 4 characters of 3 bytes; the rest is for the job around it. */
const RESULT_BYTES_MAX = Math.floor(LINE_BYTES_MAX * 0.7);
const LINE_BREAK = 10;

export interface ArchiveHead {
  readonly kind: typeof KIND;
  readonly version: number;
  readonly engine: 'sqlite' | 'postgres';
  /** When the export began, by the clock of the machine that made it. */
  readonly at: number;
}

interface ArchiveEnd {
  readonly kind: 'end';
  readonly counts: RecordCounts;
}

const headCheck = objectOf<ArchiveHead>({
  kind: oneOf([KIND]),
  version: whole,
  engine: oneOf(['sqlite', 'postgres']),
  at: whole,
});
const endCheck = objectOf<ArchiveEnd>({ kind: text, counts: recordCounts });

/**
 * The text of an archive of the whole store, in pieces. Rejects with the errors of the store, and with EXPORT_UNFINISHED for a result that no line can hold.
 *
 * @param onRecords told how many records of each kind there are so far
 */
export async function* archiveOf(
  store: Store,
  at: number,
  onRecords: (counts: RecordCounts) => void,
): AsyncGenerator<string, void> {
  const head: ArchiveHead = { kind: KIND, version: VERSION, engine: store.facts.engine, at };
  yield `${JSON.stringify(head)}\n`;
  let counts = NO_RECORDS;
  for await (const batch of store.dump()) {
    counts = countedWith(counts, batch);
    yield batch.map(lineOf).join('');
    onRecords(counts);
  }
  yield `${JSON.stringify({ kind: 'end', counts } satisfies ArchiveEnd)}\n`;
}

function lineOf(record: StoreRecord): string {
  const bytes = record.kind === 'job' ? (record.result?.bytes.byteLength ?? 0) : 0;
  if (record.kind === 'job' && bytes > RESULT_BYTES_MAX) {
    const message = `The result of job ${record.job.id} has ${bytes} bytes, more than a line of an archive can hold.`;
    throw new BideError('EXPORT_UNFINISHED', message, { id: record.job.id, bytes });
  }
  return `${recordLine(record)}\n`;
}

export function countedWith(counts: RecordCounts, records: readonly StoreRecord[]): RecordCounts {
  const sums = { ...counts };
  for (const { kind } of records) sums[kind] += 1;
  return sums;
}

export interface Archive {
  readonly head: ArchiveHead;
  /** Can be gone through once. Rejects with ARCHIVE_INVALID where it is damaged, and at its end when it was cut off. */
  readonly records: AsyncIterable<StoreRecord>;
}

/** Reads the first line. Rejects with ARCHIVE_INVALID when this is no archive, or one of a version that is not known. */
export async function openArchive(chunks: AsyncIterable<Uint8Array>): Promise<Archive> {
  const lines = linesOf(chunks);
  const first = await lines.next();
  if (first.done === true) throw invalid('The archive is empty: what should have written it has failed.', 0);
  return { head: headOf(first.value), records: recordsOf(lines) };
}

function headOf({ text: line, isEnded }: Line): ArchiveHead {
  const value = isEnded ? jsonOf(line) : undefined;
  if (!isObject(value) || value.kind !== KIND) throw invalid('This is no archive of `bide export`.', 1);
  if (Number.isSafeInteger(value.version) && value.version !== VERSION) {
    const message = `The archive has version ${value.version}, this version of Bide reads version ${VERSION}: import it with the one that made it, or a newer one.`;
    throw invalid(message, 1);
  }
  const wrong = headCheck(value);
  if (wrong !== null) throw invalid(`Line 1 of the archive is wrong: ${wrong.slice(1)}.`, 1);
  return value as unknown as ArchiveHead;
}

async function* recordsOf(lines: AsyncIterable<Line>): AsyncGenerator<StoreRecord, void> {
  let counts = NO_RECORDS;
  let number = 1;
  let hasEnded = false;
  for await (const { text: line, isEnded } of lines) {
    number += 1;
    if (hasEnded) throw invalid(`Line ${number} of the archive comes after its end.`, number);
    const value = jsonOf(line);
    if (isObject(value) && value.kind === 'end') {
      checkEnd(value, counts, number);
      hasEnded = true;
      continue;
    }
    if (!isEnded) throw invalid(`The archive was cut off in line ${number}.`, number);
    if (value === undefined) throw invalid(`Line ${number} of the archive is no JSON.`, number);
    const read = readRecord(value);
    if (read.kind === 'wrong') throw invalid(`Line ${number} of the archive ${read.what}.`, number);
    counts = countedWith(counts, [read.record]);
    yield read.record;
  }
  if (!hasEnded) throw invalid(`The archive was cut off after line ${number}: its last line is missing.`, number);
}

function checkEnd(value: Readonly<Record<string, unknown>>, counts: RecordCounts, number: number): void {
  const wrong = endCheck(value);
  if (wrong !== null) throw invalid(`Line ${number} of the archive is wrong: ${wrong.slice(1)}.`, number);
  const said = (value as unknown as ArchiveEnd).counts;
  for (const kind of Object.keys(counts) as (keyof RecordCounts)[]) {
    if (said[kind] === counts[kind]) continue;
    const message = `The archive is not whole: of kind ${kind} it has ${counts[kind]}, and its end says ${said[kind]}.`;
    throw invalid(message, number);
  }
}

interface Line {
  readonly text: string;
  /** False for a last one without a line break. */
  readonly isEnded: boolean;
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line, void> {
  let number = 1;
  let parts: Uint8Array[] = [];
  let size = 0;
  const add = (part: Uint8Array) => {
    parts.push(part);
    size += part.byteLength;
    if (size > LINE_BYTES_MAX)
      throw invalid(`Line ${number} of the archive is longer than ${LINE_BYTES_MAX} bytes.`, number);
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(LINE_BREAK); at !== -1; at = chunk.indexOf(LINE_BREAK, from)) {
      add(chunk.subarray(from, at));
      yield { text: textOf(parts, number), isEnded: true };
      number += 1;
      parts = [];
      size = 0;
      from = at + 1;
    }
    if (from < chunk.byteLength) add(chunk.subarray(from));
  }
  if (size > 0) yield { text: textOf(parts, number), isEnded: false };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(parts: readonly Uint8Array[], number: number): string {
  const [only] = parts;
  try {
    return UTF8.decode(parts.length === 1 ? only : Buffer.concat(parts));
  } catch {
    throw invalid(`Line ${number} of the archive is not UTF-8.`, number);
  }
}

/** Undefined for what is no JSON. */
function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function invalid(message: string, line: number): BideError {
  return new BideError('ARCHIVE_INVALID', message, { line });
}
