/**
 * Conversations: what jobs are appended to, and results are read from.
 *
 * Kept as documents, apart from their jobs: a name, a time and metadata. The jobs of a conversation carry its id as a tag, and its
 * words are read from their results each time, so that nothing has to be kept in step. One without jobs goes (`retention.ts`).
 */
import { randomInt } from 'node:crypto';
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { fieldsOf } from '../../core/json-object.ts';
import type { Documents, Engine, Snapshot } from '../../engine/api.ts';
import { CONVERSATION_TAG, UNKNOWN_CONVERSATION } from './mapping.ts';
import { createRetention, CONVERSATION_KIND as KIND } from './retention.ts';
import { NO_NOTES, type SpeakerNotes } from './speakers.ts';

export interface Conversation {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly metadata: Readonly<Record<string, Json>>;
}

export interface Conversations {
  create(tenant: string, draft: { readonly name: string | null; readonly metadata: Json }): Promise<Conversation>;
  /** Throws not_found where the tenant has no such conversation. */
  read(tenant: string, id: string): Promise<Conversation>;
  /** Those made in the range, read page by page. RESULT_TOO_LARGE where the range holds more than `LISTED_MAX`. */
  list(tenant: string, page: ConversationPage): Promise<readonly Conversation[]>;
  setMetadata(tenant: string, id: string, metadata: Json): Promise<Conversation>;
  remove(tenant: string, id: string): Promise<void>;
  /** What the caller has said of its speakers. */
  notes(tenant: string, id: string): Promise<SpeakerNotes>;
  changeNotes(tenant: string, id: string, change: (notes: SpeakerNotes) => SpeakerNotes): Promise<void>;
  /** Its jobs, the first appended first. */
  jobs(tenant: string, id: string): Promise<readonly Snapshot[]>;
}

export interface ConversationPage {
  /** Epoch ms, both included. */
  readonly from: number;
  readonly to: number;
  readonly order: 'asc' | 'desc';
  readonly by: 'startTime' | 'name';
  readonly offset: number;
  readonly limit: number;
}

const NOTES_KIND = 'symbl.speakers';
/** A list by offset passes over what it skips: a range that holds more is to be narrowed. */
const LISTED_MAX = 10_000;
const LIST_PAGE = 200;
const ID_DIGITS = 16;
/** Two draws of 16 digits hardly ever meet. */
const DRAWS_MAX = 5;
const WRITES_MAX = 5;

export function createConversations(options: {
  readonly documents: Documents;
  readonly engine: Pick<Engine, 'clock' | 'count' | 'list' | 'limits'>;
  /** How long jobs are kept. */
  readonly retainMs: number;
}): Conversations {
  const { documents, engine } = options;
  const removeOver = createRetention({ ...options, remove });

  async function read(tenant: string, id: string): Promise<Conversation> {
    const document = /^\d{1,20}$/.test(id) ? await documents.documentRead({ tenant, kind: KIND, name: id }) : null;
    if (document === null) throw new BideError('ROUTE_NOT_FOUND', UNKNOWN_CONVERSATION);
    return conversationOf(document);
  }

  async function remove(tenant: string, id: string): Promise<void> {
    await documents.documentRemove({ tenant, kind: NOTES_KIND, name: id });
    await documents.documentRemove({ tenant, kind: KIND, name: id });
  }

  return {
    read,
    remove,
    async create(tenant, draft) {
      await removeOver(tenant);
      const data = { name: draft.name, metadata: fieldsOf(draft.metadata) };
      for (let draw = 0; draw < DRAWS_MAX; draw += 1) {
        const now = engine.clock.now();
        const outcome = await documents.documentWrite({
          tenant,
          kind: KIND,
          name: drawId(),
          data,
          expectRevision: 0,
          now,
        });
        if (outcome.kind === 'written') return conversationOf(outcome.document);
      }
      throw new BideError('INTERNAL', 'No free conversation id was drawn.');
    },
    async list(tenant, page) {
      await removeOver(tenant);
      return listOf(documents, tenant, page);
    },
    async setMetadata(tenant, id, metadata) {
      const written = await rewrite(
        documents,
        { tenant, kind: KIND, name: id, now: engine.clock.now() },
        (document) => {
          if (document === null) throw new BideError('ROUTE_NOT_FOUND', UNKNOWN_CONVERSATION);
          return { ...fieldsOf(document.data), metadata: fieldsOf(metadata) };
        },
      );
      return conversationOf(written);
    },
    async notes(tenant, id) {
      return notesOf(await documents.documentRead({ tenant, kind: NOTES_KIND, name: id }));
    },
    async changeNotes(tenant, id, change) {
      await rewrite(
        documents,
        { tenant, kind: NOTES_KIND, name: id, now: engine.clock.now() },
        (document) => change(notesOf(document)) as unknown as Json,
      );
    },
    async jobs(tenant, id) {
      const found: Snapshot[] = [];
      let after: number | null = null;
      do {
        const cursor: { after?: number } = after === null ? {} : { after };
        const limit = engine.limits.listPageMax;
        const page = await engine.list({ tenant, tags: { [CONVERSATION_TAG]: id }, order: 'oldest', limit, ...cursor });
        found.push(...page.snapshots);
        after = page.next?.number ?? null;
      } while (after !== null && found.length < engine.limits.jobsPerCallMax);
      return found;
    },
  };
}

type Document = NonNullable<Awaited<ReturnType<Documents['documentRead']>>>;

/** Writes what `change` makes of the document, again where somebody else wrote it meanwhile. */
async function rewrite(
  documents: Documents,
  where: { readonly tenant: string; readonly kind: string; readonly name: string; readonly now: number },
  change: (document: Document | null) => Json,
): Promise<Document> {
  for (let write = 0; write < WRITES_MAX; write += 1) {
    const { tenant, kind, name } = where;
    const document = await documents.documentRead({ tenant, kind, name });
    const data = change(document);
    const outcome = await documents.documentWrite({ ...where, data, expectRevision: document?.revision ?? 0 });
    if (outcome.kind === 'written') return outcome.document;
  }
  throw new BideError('CHANGED_MEANWHILE');
}

/** Documents come newest first: what is older than the range ends it. */
async function listOf(
  documents: Documents,
  tenant: string,
  { from, to, order, by, offset, limit }: ConversationPage,
): Promise<readonly Conversation[]> {
  const found: Conversation[] = [];
  let after: Pick<Document, 'createdAt' | 'name'> | null = null;
  const isEnough = () => order === 'desc' && by === 'startTime' && found.length >= offset + limit;
  for (let isOver = limit === 0; !isOver && !isEnough(); ) {
    const cursor: { after?: Pick<Document, 'createdAt' | 'name'> } = after === null ? {} : { after };
    const page: readonly Document[] = await documents.documentList({ tenant, kind: KIND, limit: LIST_PAGE, ...cursor });
    found.push(...page.filter(({ createdAt }) => createdAt >= from && createdAt <= to).map(conversationOf));
    if (found.length > LISTED_MAX) throw tooManyListed();
    after = page.at(-1) ?? null;
    isOver = page.length < LIST_PAGE || (after?.createdAt ?? 0) < from;
  }
  // Newest first so far. Sorting keeps the order of equals.
  if (order === 'asc') found.reverse();
  if (by === 'name')
    found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0) * (order === 'asc' ? 1 : -1));
  return found.slice(offset, offset + limit);
}

function tooManyListed(): BideError {
  return new BideError(
    'RESULT_TOO_LARGE',
    `There are more than ${LISTED_MAX} conversations in this range of time: narrow it with startTime and endTime.`,
  );
}

function notesOf(document: { readonly data: Json } | null): SpeakerNotes {
  return document === null ? NO_NOTES : (document.data as unknown as SpeakerNotes);
}

function conversationOf(document: {
  readonly name: string;
  readonly data: Json;
  readonly createdAt: number;
}): Conversation {
  const { name, metadata } = fieldsOf(document.data);
  return {
    id: document.name,
    name: typeof name === 'string' ? name : document.name,
    createdAt: document.createdAt,
    metadata: fieldsOf(metadata),
  };
}

/** Digits only, 16 of them, the first not 0: clients carry it as text and print it as a number. */
function drawId(): string {
  const high = randomInt(1e7, 1e8);
  const low = randomInt(0, 1e8);
  return `${high}${String(low).padStart(ID_DIGITS / 2, '0')}`;
}
