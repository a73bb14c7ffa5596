/** Small durable JSON, written with the revision that the writer saw. */
import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../../core/job.ts';
import type {
  Document,
  DocumentAdded,
  DocumentOutcome,
  DocumentUsage,
  DocumentWrite,
  DuePlace,
  DueRequest,
} from '../contract.ts';
import type { Row, Rows } from './connection/lane.ts';
import { repeated } from './connection/repeat.ts';
import type { Session, Step } from './connection/session.ts';
import { jsonOf } from './rows.ts';
import { givenText, storedText, textArray } from './wire-text.ts';

export interface DocumentRef {
  readonly tenant: string;
  readonly kind: string;
  readonly name: string;
}

export interface DocumentFilter {
  readonly tenant: string;
  readonly kind: string;
  readonly after?: Pick<Document, 'createdAt' | 'name'>;
  readonly limit: number;
}

export async function writeDocument(session: Session, write: DocumentWrite): Promise<DocumentOutcome> {
  return repeated(async (isRepeat) => {
    const [row] = await runWrite(session, write);
    if (row !== undefined) return { kind: 'written', document: documentOf(row) };
    const current = await readDocument(session, write);
    const isOurs = isRepeat && current !== null && isDoneAlready(current, write);
    return isOurs ? { kind: 'written', document: current } : { kind: 'stale', document: current };
  });
}

export async function addDocument(
  session: Session,
  { countMax, ...add }: DocumentWrite & { readonly countMax: number },
): Promise<DocumentAdded> {
  const write = { ...add, expectRevision: 0 };
  return repeated(async (isRepeat) => {
    const values = [...writeValues(write), write.now, countMax];
    const results = await session.runAll([countLock(write.tenant, write.kind), { name: 'documentAdd', values }]);
    const [row] = results[1] ?? [];
    if (row !== undefined) return { kind: 'written', document: documentOf(row) };
    const current = await readDocument(session, write);
    if (current === null)
      return { kind: 'full', count: (await documentUsage(session, write.tenant, write.kind)).count };
    return { kind: isRepeat && isDoneAlready(current, write) ? 'written' : 'stale', document: current };
  });
}

/** For the rest of the transaction nobody else adds one of the kind to the tenant's. */
export function countLock(tenant: string, kind: string): Step {
  return { name: 'countLock', values: [textArray([tenant]), textArray([kind])] };
}

/** No row: the expectation does not hold. */
function runWrite(session: Session, write: DocumentWrite): Promise<Rows> {
  const { expectRevision, now } = write;
  if (expectRevision === null) return session.run('documentPut', [...writeValues(write), now]);
  if (expectRevision === 0) return session.run('documentInsert', [...writeValues(write), now]);
  const { name, values } = updateStep(write);
  return session.run(name, values);
}

/** The write of a document that is there. */
export function updateStep(write: DocumentWrite): Step {
  return { name: 'documentUpdate', values: [...writeValues(write), write.expectRevision] };
}

function writeValues(write: DocumentWrite): unknown[] {
  return [...refValues(write), storedText(JSON.stringify(write.data)), write.dueAt ?? null];
}

/** The document as this write leaves it: the try whose answer was lost did it, or somebody who wrote the same. */
export function isDoneAlready(document: Document, { data, expectRevision }: DocumentWrite): boolean {
  return document.revision === (expectRevision ?? 0) + 1 && isDeepStrictEqual(document.data, data);
}

export async function readDocument(session: Session, ref: DocumentRef): Promise<Document | null> {
  const [row] = await repeated(() => session.run('documentRead', refValues(ref)));
  return row === undefined ? null : documentOf(row);
}

export async function listDocuments(session: Session, filter: DocumentFilter): Promise<readonly Document[]> {
  const { tenant, kind, after, limit } = filter;
  const values = [storedText(tenant), storedText(kind), Math.max(0, limit)];
  if (after === undefined) return (await repeated(() => session.run('documentList', values, 'long'))).map(documentOf);
  const beyond = [...values, after.createdAt, storedText(after.name)];
  return (await repeated(() => session.run('documentListAfter', beyond, 'long'))).map(documentOf);
}

export async function documentUsage(session: Session, tenant: string, kind?: string): Promise<DocumentUsage> {
  const [row] = await repeated(() =>
    kind === undefined
      ? session.run('documentUsage', [storedText(tenant)], 'long')
      : session.run('documentUsageOfKind', [tenant, kind].map(storedText), 'long'),
  );
  return { count: Number(row?.[0]), bytes: Number(row?.[1]) };
}

/** Before any place there is. */
const NOWHERE: DuePlace = { dueAt: Number.MIN_SAFE_INTEGER, tenant: '', name: '' };

export async function dueDocuments(
  session: Session,
  { kind, now, after = NOWHERE, limit }: DueRequest,
): Promise<readonly Document[]> {
  const { dueAt, tenant, name } = after;
  const values = [storedText(kind), now, dueAt, storedText(tenant), storedText(name), limit];
  return (await repeated(() => session.run('documentDue', values))).map(documentOf);
}

export async function nextDueDocument(
  session: Session,
  { kind, now }: Pick<DueRequest, 'kind' | 'now'>,
): Promise<number | null> {
  const [row] = await repeated(() => session.run('documentNextDue', [storedText(kind), now]));
  return (row?.[0] as number | null | undefined) ?? null;
}

export async function removeDocument(session: Session, ref: DocumentRef): Promise<boolean> {
  return repeated(async (isRepeat) => {
    const rows = await session.run('documentDelete', refValues(ref));
    // Gone on a repeat: the try whose answer was lost removed it, or it was not there; then both answers leave it so.
    return rows.length > 0 || isRepeat;
  });
}

export function refValues({ tenant, kind, name }: DocumentRef): string[] {
  return [tenant, kind, name].map(storedText);
}

export function documentOf([tenant, kind, name, data, revision, createdAt, dueAt]: Row): Document {
  return {
    tenant: givenText(tenant as string),
    kind: givenText(kind as string),
    name: givenText(name as string),
    data: jsonOf<Json>(data as string),
    revision: revision as number,
    createdAt: createdAt as number,
    dueAt: dueAt as number | null,
  };
}
