/** Holds every error that the tests of the native API meet against what its operation says in the OpenAPI document. */
import assert from 'node:assert/strict';
import { ERRORS, type ErrorCode } from '../../src/core/errors.ts';
import { HTTP_STATUS } from '../../src/dialects/http-status.ts';
import type { Document } from '../../src/dialects/native/openapi/document-parts.ts';

interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}
type ReadDocument = () => Promise<Document>;

/** Read once in a process, by the first test that meets an error. */
let operations: Promise<readonly Described[]> | undefined;

interface Described {
  readonly method: string;
  readonly path: RegExp;
  readonly codes: ReadonlySet<string>;
}

/** Those of any operation, which the document says as 4XX and 5XX. */
const ANYWHERE: ReadonlySet<string> = new Set<ErrorCode>([
  'ROUTE_NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'HEADERS_TOO_LARGE',
  // Of a body where none is meant.
  'MALFORMED_JSON',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE_UNSUPPORTED',
]);

export async function requireDocumented(
  { method, path }: { readonly method: string; readonly path: string },
  refusal: Refusal,
  read: ReadDocument,
): Promise<void> {
  if (refusal.status < 400 || refusal.status >= 500 || !path.startsWith('/v1/')) return;
  if (!String(refusal.headers['content-type']).startsWith('application/problem+json') || refusal.text === '') return;
  const { code } = JSON.parse(refusal.text) as { readonly code: ErrorCode };
  if (ANYWHERE.has(code)) return;
  operations ??= read().then(described);
  const asked = path.split('?')[0] ?? '';
  const operation = (await operations).find((one) => one.method === method && one.path.test(asked));
  if (operation === undefined) return;
  assert.ok(
    operation.codes.has(code),
    `${method} ${asked} answered ${code} (${HTTP_STATUS[ERRORS[code].kind]}), which src/dialects/native/openapi/refusals.ts does not name.`,
  );
}

/** Fixed paths before those with parameters. */
function described({ paths }: Document): readonly Described[] {
  return Object.entries(paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { responses }]) => ({
        method: method.toUpperCase(),
        parameters: path.split('{').length,
        path: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
        codes: new Set(
          Object.values(responses).flatMap(({ content }) =>
            Object.keys(content?.['application/problem+json']?.examples ?? {}),
          ),
        ),
      })),
    )
    .sort((a, b) => a.parameters - b.parameters);
}
