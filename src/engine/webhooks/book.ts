/** All webhooks of one tenant as one document: so that their number, their lanes and each change are decided by one compare-and-set. */
import type { Json } from '../../core/job.ts';
import type { Endpoint, EndpointSecret } from '../../core/webhooks/endpoint.ts';

export interface Book {
  /** Oldest first. */
  readonly endpoints: readonly Endpoint[];
  /** Sign the callbacks of jobs that name no webhook; none before the first is needed. */
  readonly callbackSecrets: readonly EndpointSecret[];
}

export const NO_BOOK: Book = Object.freeze({ endpoints: [], callbackSecrets: [] });

/** Books belong to the service, each under the name of its tenant: so they can be listed, and count into no tenant's documents. */
export const BOOK_PLACE = { tenant: '_bide', kind: 'webhooks' } as const;

/** Only this engine writes books, and what it wrote is taken as it is; anything else is an empty book. */
export function bookOf(data: Json | undefined): Book {
  if (typeof data !== 'object' || data === null || !('endpoints' in data) || !Array.isArray(data.endpoints))
    return NO_BOOK;
  return data as unknown as Book;
}

export function bookData(book: Book): Json {
  return book as unknown as Json;
}

/** The book with this endpoint changed; the same where there is none. */
export function withEndpoint(book: Book, id: string, change: (endpoint: Endpoint) => Endpoint): Book {
  return { ...book, endpoints: book.endpoints.map((endpoint) => (endpoint.id === id ? change(endpoint) : endpoint)) };
}
