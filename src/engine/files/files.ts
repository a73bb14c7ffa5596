/** Files of tenants: written, listed, read, and taken away when their time has come. Any process takes away what is due. */
import { BideError } from '../../core/errors.ts';
import type { Document } from '../../store/contract.ts';
import type { EngineBase } from '../engine-base.ts';
import { createLoop, type Loop } from '../loop.ts';
import { createPollTimer } from '../poll-timer.ts';
import { createJobIds, madeAt } from '../submitting/job-ids.ts';
import type { FilePiece, FilePlace, Files, StoredFile } from './api-files.ts';
import { createFileRoom, type FileRoom } from './file-room.ts';
import { FILE_KIND, fileIn, fileOwner, fileRef, partRef, partsOf, recordIn, tenantOfOwner } from './file-shelf.ts';
import { markGoing, openWriter } from './file-writer.ts';

/** Files looked at in one turn. */
const DUE = 20;
/** Parts read in one go to be removed. */
const PARTS = 8;
const LIST_PAGE = 200;

export interface FilesParts {
  readonly files: Files;
  readonly loop: Loop;
}

export function createFiles(options: EngineBase): FilesParts {
  const { store, clock } = options;
  const room = createFileRoom(options);
  const newId = createJobIds();
  const poll = createPollTimer(options);
  const loop = createLoop({ ...options, name: 'files', run });
  const parts = { ...options, room, wake: () => loop.wake() };

  async function run(): Promise<number | null> {
    poll.isDue();
    const request = { kind: FILE_KIND, now: clock.now(), limit: DUE };
    const documents = await store.documentDue(request);
    for (const document of documents) await takeAway(options, room, document);
    return documents.length === DUE ? 0 : poll.sleepMs(await store.documentNextDue(request));
  }

  return {
    loop,
    files: {
      open: (tenant, ownId) =>
        openWriter(parts, { tenant, id: ownId ?? newId(clock.now()), isOurs: ownId !== undefined }),
      async read(tenant, id) {
        const document = await store.documentRead(fileRef({ tenant, id }));
        return document === null ? null : fileIn(document, clock.now());
      },
      list: (request) => listFiles(options, request),
      async remove(tenant, id) {
        const document = await store.documentRead(fileRef({ tenant, id }));
        const isOver = document?.dueAt != null && document.dueAt <= clock.now();
        return document !== null && !isOver && markGoing(parts, { tenant, id });
      },
      texts: (file, from) => textsOf(options, file, from),
    },
  };
}

type Reading = Pick<EngineBase, 'store' | 'clock'>;

async function listFiles(
  { store, clock }: Reading,
  { tenant, after, limit }: Parameters<Files['list']>[0],
): Promise<readonly StoredFile[]> {
  const found: StoredFile[] = [];
  const filter = { tenant: fileOwner(tenant), kind: FILE_KIND, limit: LIST_PAGE };
  let place = after === undefined ? undefined : await placeOf({ store, clock }, tenant, after);
  while (found.length < limit) {
    const page = await store.documentList(place === undefined ? filter : { ...filter, after: place });
    for (const document of page) {
      const file = fileIn(document, clock.now());
      if (file !== null) found.push(file);
    }
    place = page.at(-1);
    if (page.length < LIST_PAGE) break;
  }
  return found.slice(0, limit);
}

/** An id says when it was made, which is when its document was: a place is known also where the file is gone. */
async function placeOf({ store }: Reading, tenant: string, id: string): Promise<Pick<Document, 'createdAt' | 'name'>> {
  const document = await store.documentRead(fileRef({ tenant, id }));
  return document ?? { createdAt: madeAt(id), name: id };
}

async function* textsOf(
  { store }: Reading,
  file: Pick<StoredFile, 'id' | 'tenant'>,
  from: FilePlace = { part: 0, offset: 0 },
): AsyncGenerator<FilePiece, void, undefined> {
  const document = await store.documentRead(fileRef(file));
  const record = document === null ? null : recordIn(document);
  if (record?.state !== 'there') throw gone(file.id);
  for (let number = from.part; number < record.parts; number += 1) {
    const part = await store.documentRead(partRef(file, number));
    if (part === null) throw gone(file.id);
    const offset = number === from.part ? from.offset : 0;
    yield { place: { part: number, offset }, text: String(part.data).slice(offset) };
  }
}

function gone(id: string): BideError {
  return new BideError('FILE_NOT_FOUND', undefined, { id });
}

/** The parts first: a process that dies in between leaves the rest to the next one. */
async function takeAway({ store }: Reading, room: FileRoom, document: Document): Promise<void> {
  const ref = { tenant: tenantOfOwner(document.tenant), id: document.name };
  for (;;) {
    const parts = await store.documentList({ ...partsOf(ref), limit: PARTS });
    if (parts.length === 0) break;
    await Promise.all(parts.map(({ tenant, kind, name }) => store.documentRemove({ tenant, kind, name })));
  }
  await store.documentRemove(fileRef(ref));
  room.forget(ref.tenant);
}
