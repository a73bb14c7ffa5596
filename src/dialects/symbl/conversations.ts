/**
 * Conversations: what jobs are appended to, and results are read from.
 *
 * Kept as documents, apart from their jobs: a name, a time and metadata. The jobs of a conversation carry its id as a tag, and its
 * words are read from their results each time, so that nothing has to be kept in step.
 */
import { randomInt } from 'node:crypto';
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { fieldsOf } from '../../core/json-object.ts';
import type { Documents, Engine, Snapshot } from '../../engine/api.ts';
import { CONVERSATION_TAG, UNKNOWN_CONVERSATION } from './mapping.ts';

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
  /** Newest first. */
  list(tenant: string, page: { readonly offset: number; readonly limit: number }): Promise<readonly Conversation[]>;
  setMetadata(tenant: string, id: string, metadata: Json): Promise<Conversation>;
  remove(tenant: string, id: string): Promise<void>;
  /** Its jobs, the first appended first. */
  jobs(tenant: string, id: string): Promise<readonly Snapshot[]>;
}

const KIND = 'symbl.conversation';
const ID_DIGITS = 16;
/** Two draws of 16 digits hardly ever meet. */
const DRAWS_MAX = 5;
const WRITES_MAX = 5;

export function createConversations(options: {
  readonly documents: Documents;
  readonly engine: Pick<Engine, 'clock' | 'list' | 'limits'>;
}): Conversations {
  const { documents, engine } = options;

  async function read(tenant: string, id: string): Promise<Conversation & { readonly revision: number }> {
    const document = /^\d{1,20}$/.test(id) ? await documents.documentRead({ tenant, kind: KIND, name: id }) : null;
    if (document === null) throw new BideError('ROUTE_NOT_FOUND', UNKNOWN_CONVERSATION);
    return { ...conversationOf(document), revision: document.revision };
  }

  return {
    read,
    async create(tenant, draft) {
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
    async list(tenant, { offset, limit }) {
      const found = await documents.documentList({ tenant, kind: KIND, limit: offset + limit });
      return found.slice(offset).map(conversationOf);
    },
    async setMetadata(tenant, id, metadata) {
      for (let write = 0; write < WRITES_MAX; write += 1) {
        const { name, revision } = await read(tenant, id);
        const data = { name: name === id ? null : name, metadata: fieldsOf(metadata) };
        const now = engine.clock.now();
        const outcome = await documents.documentWrite({
          tenant,
          kind: KIND,
          name: id,
          data,
          expectRevision: revision,
          now,
        });
        if (outcome.kind === 'written') return conversationOf(outcome.document);
      }
      throw new BideError('CHANGED_MEANWHILE');
    },
    async remove(tenant, id) {
      await documents.documentRemove({ tenant, kind: KIND, name: id });
    },
    async jobs(tenant, id) {
      const found: Snapshot[] = [];
      let after: number | null = null;
      do {
        const cursor: { after?: number } = after === null ? {} : { after };
        const limit = engine.limits.listPageMax;
        const page = await engine.list({ tenant, tags: { [CONVERSATION_TAG]: id }, order: 'oldest', limit, ...cursor });
        found.push(...page.snapshots);
        after = page.next;
      } while (after !== null && found.length < engine.limits.jobsPerCallMax);
      return found;
    },
  };
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
