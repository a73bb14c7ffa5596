/**
 * The audit of a tenant: a line for each deed of an operator, durable when `note` resolves, newest first when it is read.
 *
 * Lines are documents of a tenant of their own, whose name no caller can have: they move with dumps and archives, and take nobody's room for
 * documents. They are bounded by number (`auditLinesPerTenantMax`, the oldest go) and by age (`auditRetainMs`). Rejected: a table of its own,
 * which would cost both stores statements, a dump and a restore for a few lines a day.
 *
 * Deeds that come by the thousand from programs (single removals) must not push the rare ones out: `add` keeps one line per key, deed and hour
 * and adds to it. Callers who add at once share a write.
 */
import { randomUUID } from 'node:crypto';
import { type AuditLine, DEEDS, type Deed, type DeedWord } from '../../core/deed.ts';
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import type { Limits } from '../../core/limits.ts';
import type { Document, Store } from '../../store/contract.ts';
import type { Clock } from '../clock.ts';

export interface AuditRequest {
  readonly tenant: string;
  readonly deeds?: readonly DeedWord[] | undefined;
  readonly from?: number | undefined;
  readonly before?: number | undefined;
  /** The last line seen. */
  readonly after?: Pick<AuditLine, 'at' | 'id'> | undefined;
  readonly limit: number;
}

export interface AuditPage {
  readonly lines: readonly AuditLine[];
  readonly hasMore: boolean;
}

export interface Audit {
  /** `id` names the line: a second note of the same name replaces the first and keeps its time. */
  note(deed: Deed, id?: string): Promise<void>;
  /** Adds `count` and `target` to the line of this key and deed in this hour. */
  add(deed: Deed & { readonly count: number }): Promise<void>;
  read(request: AuditRequest): Promise<AuditPage>;
}

export interface AuditOptions {
  readonly store: Pick<Store, 'documentRead' | 'documentWrite' | 'documentList' | 'documentUsage' | 'documentRemove'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly limits: Pick<Limits, 'auditRetainMs' | 'auditLinesPerTenantMax' | 'applyAttemptsMax'>;
}

const KIND = 'deed';
const HOUR = 3_600_000;
/** What a request says beyond is left out, and its size said. */
const REQUEST_BYTES_MAX = 8_192;
/** Targets that a line which is added to keeps: the newest. */
const TARGETS_MAX = 100;
/** Notes of one process and tenant between two looks at how many lines there are. */
const NOTES_BETWEEN = 100;
/** Tenants whose notes are counted. */
const TENANTS_MAX = 1_000;
const PAGE = 500;

export function createAudit(options: AuditOptions): Audit {
  const { store, clock } = options;
  const notes = new Map<string, number>();
  const tally = createTally(options, (deed) => tidy(deed.tenant));

  async function tidy(tenant: string): Promise<void> {
    const count = notes.get(tenant) ?? 0;
    if (notes.size >= TENANTS_MAX) notes.clear();
    notes.set(tenant, (count + 1) % NOTES_BETWEEN);
    if (count === 0) await prune(options, ownerOf(tenant));
  }

  return {
    async note(deed, id = `${deed.deed}:${randomUUID()}`) {
      const write = { ...refOf(deed.tenant, id), data: dataOf(deed), now: clock.now() };
      await store.documentWrite({ ...write, expectRevision: null });
      await tidy(deed.tenant);
    },
    add: tally,
    read: (request) => read(options, request),
  };
}

/** Underscores at the beginning are Bide's own, and no tenant has a colon. */
const ownerOf = (tenant: string) => `_audit:${tenant}`;
const refOf = (tenant: string, name: string) => ({ tenant: ownerOf(tenant), kind: KIND, name });

function dataOf({ by, deed, target, count, request }: Deed): Json {
  const bytes = Buffer.byteLength(JSON.stringify(request));
  const kept = bytes <= REQUEST_BYTES_MAX ? request : { leftOutBytes: bytes };
  return { by: { keyId: by.keyId, keyName: by.keyName }, deed, target, count, request: kept };
}

function lineOf(tenant: string, { name, createdAt, data }: Document): AuditLine {
  return { tenant, id: name, at: createdAt, ...(data as unknown as Omit<Deed, 'tenant'>) };
}

// --- Adding up --------------------------------------------------------------------------------------------------------------

interface Sum {
  count: number;
  readonly targets: string[];
  written: Promise<void>;
}

/** One write per line at a time: those who come meanwhile are added up for the next. */
function createTally(options: AuditOptions, afterwards: (deed: Deed) => Promise<void>): Audit['add'] {
  const { clock } = options;
  const waiting = new Map<string, Sum>();
  const writing = new Map<string, Promise<void>>();

  return (deed) => {
    const id = `${deed.deed}:${deed.by.keyId}:${Math.floor(clock.now() / HOUR)}`;
    const key = `${deed.tenant} ${id}`;
    const sum = waiting.get(key) ?? begin(key, id, deed);
    sum.count += deed.count;
    if (deed.target !== null) sum.targets.push(deed.target);
    return sum.written;
  };

  function begin(key: string, id: string, deed: Deed): Sum {
    const sum: Sum = { count: 0, targets: [], written: Promise.resolve() };
    waiting.set(key, sum);
    const before = writing.get(key) ?? Promise.resolve();
    sum.written = before
      .catch(() => {})
      .then(async () => {
        waiting.delete(key);
        await addTo(options, id, deed, sum);
        await afterwards(deed);
      })
      .finally(() => {
        if (writing.get(key) === sum.written) writing.delete(key);
      });
    writing.set(key, sum.written);
    return sum;
  }
}

async function addTo({ store, clock, limits }: AuditOptions, id: string, deed: Deed, sum: Sum): Promise<void> {
  const ref = refOf(deed.tenant, id);
  for (let attempt = 1; attempt <= limits.applyAttemptsMax; attempt += 1) {
    const there = await store.documentRead(ref);
    const line = there === null ? null : lineOf(deed.tenant, there);
    const known = (line?.request as { readonly targets?: readonly string[] } | undefined)?.targets ?? [];
    const targets = [...known, ...sum.targets].slice(-TARGETS_MAX);
    const data = dataOf({ ...deed, target: null, count: (line?.count ?? 0) + sum.count, request: { targets } });
    const write = { ...ref, data, expectRevision: there?.revision ?? 0, now: clock.now() };
    if ((await store.documentWrite(write)).kind === 'written') return;
  }
  throw new BideError('CHANGED_MEANWHILE', 'Others add to the same line of the audit.');
}

// --- Reading and forgetting -----------------------------------------------------------------------------------------------------

/** At most `auditLinesPerTenantMax` lines are looked at, whatever the filter. */
async function read({ store, clock, limits }: AuditOptions, request: AuditRequest): Promise<AuditPage> {
  const { tenant, deeds = DEEDS, before, limit } = request;
  const from = Math.max(request.from ?? 0, clock.now() - limits.auditRetainMs);
  const lines: AuditLine[] = [];
  const last = request.after;
  let after = last === undefined ? startOf(before) : { createdAt: last.at, name: last.id };
  for (let seen = 0; seen < limits.auditLinesPerTenantMax + NOTES_BETWEEN; seen += PAGE) {
    const page = await store.documentList({
      tenant: ownerOf(tenant),
      kind: KIND,
      limit: PAGE,
      ...(after && { after }),
    });
    for (const document of page) {
      const line = lineOf(tenant, document);
      if (line.at < from) return { lines, hasMore: false };
      if ((before !== undefined && line.at >= before) || !deeds.includes(line.deed)) continue;
      if (lines.length === limit) return { lines, hasMore: true };
      lines.push(line);
    }
    if (page.length < PAGE) break;
    after = page.at(-1);
  }
  return { lines, hasMore: false };
}

/** The list goes on behind this place: with the first line that is older. */
function startOf(before: number | undefined): Pick<Document, 'createdAt' | 'name'> | undefined {
  return before === undefined ? undefined : { createdAt: before - 1, name: '' };
}

/** Removes what is too old, and of too many the oldest. */
async function prune({ store, clock, limits }: AuditOptions, tenant: string): Promise<void> {
  const old = { tenant, kind: KIND, after: { createdAt: clock.now() - limits.auditRetainMs, name: '' }, limit: PAGE };
  for (const { name } of await store.documentList(old)) await store.documentRemove({ tenant, kind: KIND, name });
  let over = (await store.documentUsage(tenant)).count - limits.auditLinesPerTenantMax;
  if (over <= 0) return;
  const oldest = await oldestOf(store, tenant, over);
  for (const { name } of oldest) {
    await store.documentRemove({ tenant, kind: KIND, name });
    over -= 1;
  }
}

/** Walks to the end: lists begin with the newest, and this happens once in `NOTES_BETWEEN` notes of a full audit. */
async function oldestOf(store: AuditOptions['store'], tenant: string, count: number): Promise<readonly Document[]> {
  let tail: readonly Document[] = [];
  let after: Document | undefined;
  for (;;) {
    const page = await store.documentList({ tenant, kind: KIND, limit: PAGE, ...(after && { after }) });
    tail = [...tail, ...page].slice(-count);
    after = page.at(-1);
    if (page.length < PAGE) return tail;
  }
}
