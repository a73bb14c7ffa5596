/**
 * The books of all tenants: read from memory for a second, changed by compare-and-set, and followed.
 *
 * A webhook follows its tenant's events under its own id. It does so before the book says that it wants them, and stops after the book
 * has stopped wanting them: between the two an event is at most written for nobody. Another process may go by an old book for `FRESH_MS`, but not
 * in what it tells: see `fan-out.ts`.
 */
import { BideError } from '../../core/errors.ts';
import type { Endpoint } from '../../core/webhooks/endpoint.ts';
import { kindsOf } from '../../core/webhooks/event-words.ts';
import type { Document } from '../../store/contract.ts';
import type { EngineBase } from '../engine-base.ts';
import { BOOK_PLACE, type Book, bookData, bookOf } from './book.ts';

const FRESH_MS = 1_000;
const TENANTS_MAX = 10_000;
const PAGE = 100;

export interface Books {
  /** As it was at most a second ago. */
  recent(tenant: string): Promise<Book>;
  fresh(tenant: string): Promise<Book>;
  /** Writes what `change` makes of the newest book, which may call for several goes; null changes nothing. */
  change(tenant: string, change: (book: Book) => Book | null): Promise<Book>;
  /** Whether a webhook of this tenant is known here that wants events. False says nothing about those of other processes. */
  isFollowed(tenant: string): boolean;
  /** Has every webhook follow again: an archive brings books and no followers. */
  followAll(): Promise<void>;
}

type BooksOptions = Pick<EngineBase, 'store' | 'clock' | 'limits'>;

interface Entry {
  readonly book: Book;
  readonly until: number;
}

export function createBooks(options: BooksOptions): Books {
  return new BookShelf(options);
}

class BookShelf implements Books {
  readonly #options: BooksOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #followed = new Set<string>();

  constructor(options: BooksOptions) {
    this.#options = options;
  }

  async recent(tenant: string): Promise<Book> {
    const known = this.#entries.get(tenant);
    if (known !== undefined && known.until > this.#options.clock.now()) return known.book;
    return this.fresh(tenant);
  }

  async fresh(tenant: string): Promise<Book> {
    const document = await this.#read(tenant);
    return this.#keep(tenant, bookOf(document?.data));
  }

  isFollowed(tenant: string): boolean {
    return this.#followed.has(tenant);
  }

  async change(tenant: string, change: (book: Book) => Book | null): Promise<Book> {
    const { store, clock, limits } = this.#options;
    let document = await this.#read(tenant);
    for (let attempt = 0; attempt < limits.applyAttemptsMax; attempt += 1) {
      const before = bookOf(document?.data);
      const after = change(before);
      if (after === null) return this.#keep(tenant, before);
      const changed = after.endpoints.filter((endpoint) => !before.endpoints.includes(endpoint));
      await this.#follow(tenant, changed);
      const expectRevision = document?.revision ?? 0;
      const write = { ...BOOK_PLACE, name: tenant, data: bookData(after), expectRevision, now: clock.now() };
      const outcome = await store.documentWrite(write);
      if (outcome.kind === 'written') {
        await this.#unfollow(tenant, before, after);
        // Whoever disabled it a moment ago may have had it stop following only now.
        if (changed.some((endpoint) => isEnabled(endpoint) && !wasEnabled(before, endpoint)))
          await this.#follow(tenant, changed);
        return this.#keep(tenant, after);
      }
      document = outcome.document;
    }
    throw new BideError('CHANGED_MEANWHILE');
  }

  async followAll(): Promise<void> {
    let after: Pick<Document, 'createdAt' | 'name'> | undefined;
    for (;;) {
      const page = await this.#options.store.documentList({
        ...BOOK_PLACE,
        ...(after === undefined ? {} : { after }),
        limit: PAGE,
      });
      for (const { name, data } of page) {
        const { endpoints } = this.#keep(name, bookOf(data));
        await this.#follow(name, endpoints);
      }
      after = page.at(-1);
      if (page.length < PAGE) return;
    }
  }

  #read(tenant: string): Promise<Document | null> {
    return this.#options.store.documentRead({ ...BOOK_PLACE, name: tenant });
  }

  #keep(tenant: string, book: Book): Book {
    if (this.#entries.size >= TENANTS_MAX) this.#entries.clear();
    this.#entries.set(tenant, { book, until: this.#options.clock.now() + FRESH_MS });
    if (book.endpoints.some(isEnabled)) this.#followed.add(tenant);
    else this.#followed.delete(tenant);
    return book;
  }

  async #follow(tenant: string, endpoints: readonly Endpoint[]): Promise<void> {
    const { store, clock } = this.#options;
    for (const endpoint of endpoints.filter(isEnabled)) {
      const follower = { tenant, name: endpoint.id, wants: kindsOf(endpoint.events), until: null };
      await store.follow({ ...follower, now: clock.now() });
    }
  }

  async #unfollow(tenant: string, before: Book, after: Book): Promise<void> {
    const still = new Set(after.endpoints.filter(isEnabled).map(({ id }) => id));
    const ended = before.endpoints.filter((endpoint) => isEnabled(endpoint) && !still.has(endpoint.id));
    if (ended.length === 0) return;
    for (const { id } of ended) await this.#options.store.unfollow({ tenant, name: id });
    // It may have been enabled again in between, and has followed before that.
    const { endpoints } = bookOf((await this.#read(tenant))?.data);
    await this.#follow(
      tenant,
      endpoints.filter(({ id }) => ended.some((endpoint) => endpoint.id === id)),
    );
  }
}

function wasEnabled({ endpoints }: Book, { id }: Endpoint): boolean {
  return endpoints.some((endpoint) => endpoint.id === id && isEnabled(endpoint));
}

function isEnabled({ disabled }: Endpoint): boolean {
  return disabled === null;
}
