/** The operations of `/openapi.json` with their examples, in the order of its tags. */
import type { OpenApi, Schema } from '../openapi-document.ts';
import type { CallExample } from './calls.ts';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Schema;
  readonly example?: unknown;
}

interface Media {
  readonly schema?: Schema;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, unknown>>;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, Media>> }>
  >;
  /** Empty where nobody has to say who they are. */
  readonly security?: readonly unknown[];
}

export interface ApiCall {
  readonly operation: Operation;
  /** With the names of its parameters in braces. */
  readonly path: string;
  readonly example: CallExample;
  readonly isOpen: boolean;
}

export interface Tag {
  readonly name: string;
  readonly description: string;
}

export type ApiDocument = OpenApi & { readonly tags: readonly Tag[] };

/** What the query of an example asks for, where it shows more than no query does. */
const QUERIES: Readonly<Record<string, string>> = {
  listJobs: 'state=succeeded&limit=1&total=true',
  followJobs: 'after=oldest&type=thumbnail&state=failed',
  listGroupJobs: 'limit=1',
  listJobDeliveries: 'limit=1',
  listWebhookDeliveries: 'limit=1',
  listKeys: 'tenant=shop',
  readStats: 'minutes=2',
  readAudit: 'limit=2',
};

/** For what has no example, since its answer is no JSON. */
const JOB_ID = '019c13ec-aa80-7000-8000-000000000002';
const GROUP_ID = '019c13ec-aa80-7000-8000-000000000010';

export function callsOf(document: ApiDocument): readonly ApiCall[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations as unknown as Readonly<Record<string, Operation>>).map(([method, operation]) => ({
      operation,
      path,
      example: exampleOf(method.toUpperCase(), path, operation),
      isOpen: operation.security?.length === 0,
    })),
  );
}

function exampleOf(
  method: string,
  path: string,
  { operationId, parameters = [], requestBody }: Operation,
): CallExample {
  const at = Object.fromEntries(
    [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => {
      const example = parameters.find((one) => one.in === 'path' && one.name === name)?.example;
      return [name, String(example ?? (path.startsWith('/v1/groups') ? GROUP_ID : JOB_ID))];
    }),
  );
  const query = QUERIES[operationId];
  const filled =
    path.replaceAll(/\{(\w+)\}/g, (_, name: string) => at[name] ?? '') + (query === undefined ? '' : `?${query}`);
  return { method, path: filled, at, body: requestBody?.content['application/json']?.example };
}
