/** A file on its way into the store, part by part: of a file of any size a part is in memory. */
import { BideError } from '../../core/errors.ts';
import type { EngineBase } from '../engine-base.ts';
import type { FileFacts, FileWriter, StoredFile } from './api-files.ts';
import type { FileRoom } from './file-room.ts';
import { type FileRecord, fileIn, fileRef, partRef, recordIn, writeOf } from './file-shelf.ts';

/** UTF-16 units of a part: a row of a quarter of a megabyte, and a commit for each. */
const PART_LENGTH = 256 * 1_024;
/** An upload may take an hour at most (`requestTimeoutMs`), and outputs are written faster. What is older was left behind. */
const ARRIVING_MS = 2 * 3_600_000;

export interface WriterOptions extends Pick<EngineBase, 'store' | 'limits' | 'clock'> {
  readonly room: FileRoom;
  /** There is something to be taken away, now or later. */
  readonly wake: () => void;
}

interface Beginning {
  readonly tenant: string;
  readonly id: string;
  readonly isOurs: boolean;
}

export async function openWriter(options: WriterOptions, beginning: Beginning): Promise<FileWriter> {
  const { tenant, id, isOurs } = beginning;
  const { store, clock, room } = options;
  await room.begin(tenant, isOurs);
  const now = clock.now();
  const record: FileRecord = { state: 'arriving', name: '', purpose: '', bytes: 0, parts: 0 };
  await store.documentWrite(writeOf({ tenant, id }, record, { expectRevision: 0, now, dueAt: now + ARRIVING_MS }));
  options.wake();
  return new StoreWriter(options, beginning);
}

class StoreWriter implements FileWriter {
  readonly id: string;
  bytes = 0;
  readonly #options: WriterOptions;
  readonly #beginning: Beginning;
  #pieces: string[] = [];
  #length = 0;
  #parts = 0;

  constructor(options: WriterOptions, beginning: Beginning) {
    this.#options = options;
    this.#beginning = beginning;
    this.id = beginning.id;
  }

  async write(text: string): Promise<void> {
    const { limits } = this.#options;
    this.bytes += Buffer.byteLength(text);
    const { fileBytesMax: value } = limits;
    if (!this.#beginning.isOurs && this.bytes > value) {
      throw new BideError('FILE_TOO_LARGE', `A file may have at most ${value} bytes (fileBytesMax).`, {
        limit: 'fileBytesMax',
        value,
      });
    }
    this.#pieces.push(text);
    this.#length += text.length;
    if (this.#length >= PART_LENGTH) await this.#flush();
  }

  async #flush(): Promise<void> {
    const { store, clock, room } = this.#options;
    const { tenant, isOurs } = this.#beginning;
    const data = this.#pieces.join('');
    this.#pieces = [];
    this.#length = 0;
    await room.grow(tenant, Buffer.byteLength(data), isOurs);
    await store.documentWrite({
      ...partRef(this.#beginning, this.#parts),
      data,
      expectRevision: null,
      now: clock.now(),
    });
    this.#parts += 1;
  }

  async end({ name, purpose, retainMs }: FileFacts): Promise<StoredFile> {
    const { store, clock, limits } = this.#options;
    if (this.#length > 0) await this.#flush();
    const now = clock.now();
    const record: FileRecord = { state: 'there', name, purpose, bytes: this.bytes, parts: this.#parts };
    const at = { expectRevision: 1, now, dueAt: now + (retainMs ?? limits.fileRetainMs) };
    const outcome = await store.documentWrite(writeOf(this.#beginning, record, at));
    const file = outcome.kind === 'written' ? fileIn(outcome.document, now) : null;
    if (file === null) throw new BideError('FILE_NOT_FOUND', 'The file took too long to arrive, and was taken away.');
    this.#options.wake();
    return file;
  }

  async drop(): Promise<void> {
    this.#pieces = [];
    this.#length = 0;
    await markGoing(this.#options, this.#beginning);
  }
}

/** False where there is no such file. From then on nobody reads it, and what there is of it goes, whoever dies. */
export async function markGoing(
  { store, clock, wake }: Pick<WriterOptions, 'store' | 'clock' | 'wake'>,
  ref: Pick<Beginning, 'tenant' | 'id'>,
): Promise<boolean> {
  for (;;) {
    const document = await store.documentRead(fileRef(ref));
    const now = clock.now();
    if (document === null || recordIn(document).state === 'going') return false;
    const record: FileRecord = { ...recordIn(document), state: 'going' };
    const at = { expectRevision: document.revision, now, dueAt: now };
    const outcome = await store.documentWrite(writeOf(ref, record, at));
    if (outcome.kind !== 'written') continue;
    wake();
    return true;
  }
}
