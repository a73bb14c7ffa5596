/**
 * Holds every answer that the tests of the native API meet against what its operation says in the OpenAPI document: its status, its headers, its
 * kind of body and, of an error, its code. Bodies of each operation are its examples, which the linters of `test/openapi` check.
 */
import assert from 'node:assert/strict';
import { ERRORS, type ErrorCode } from '../../src/core/errors.ts';
import { HTTP_STATUS } from '../../src/dialects/http-status.ts';
import type { Document, Operation } from '../../src/dialects/native/openapi/document-parts.ts';

interface Answer {
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
  readonly responses: Operation['responses'];
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

/** What HTTP says of any answer, and what only guards a browser. */
const USUAL = new Set([
  ...[
    'content-type',
    'content-length',
    'transfer-encoding',
    'date',
    'connection',
    'keep-alive',
    'cache-control',
    'vary',
  ],
  ...['x-content-type-options', 'content-security-policy', 'x-accel-buffering', 'accept-ranges'],
]);

export async function requireDocumented(
  { method, path }: { readonly method: string; readonly path: string },
  answer: Answer,
  read: ReadDocument,
): Promise<void> {
  if (!path.startsWith('/v1/') || answer.status >= 500) return;
  operations ??= read().then(described);
  const asked = path.split('?')[0] ?? '';
  const operation = (await operations).find((one) => one.method === method && one.path.test(asked));
  if (operation === undefined) return;
  const what = `${method} ${asked} answered ${answer.status}`;
  if (answer.status >= 400) requireCode(what, operation, answer);
  requireForm(what, operation, answer);
}

function requireCode(what: string, { codes }: Described, { headers, text }: Answer): void {
  if (!String(headers['content-type']).startsWith('application/problem+json') || text === '') return;
  const { code } = JSON.parse(text) as { readonly code: ErrorCode };
  if (ANYWHERE.has(code)) return;
  const said = `${code} (${HTTP_STATUS[ERRORS[code].kind]})`;
  assert.ok(codes.has(code), `${what} ${said}, which src/dialects/native/openapi/refusals.ts does not name.`);
}

function requireForm(what: string, { responses }: Described, { status, headers, text }: Answer): void {
  const wide = responses[`${String(status)[0]}XX`];
  const response = responses[status] ?? wide;
  assert.ok(response !== undefined, `${what}, a status that its operation does not name.`);
  const names = new Set(
    [response, wide].flatMap((one) => Object.keys(one?.headers ?? {})).map((name) => name.toLowerCase()),
  );
  const others = Object.keys(headers).filter((name) => !USUAL.has(name) && !names.has(name));
  assert.deepEqual(others, [], `${what} with headers that src/dialects/native/openapi/headers.ts does not name.`);
  const media = String(headers['content-type']).split(';')[0] ?? '';
  const { content = {} } = response;
  if (text !== '') assert.ok(media in content || '*/*' in content, `${what} with ${media}, which is not documented.`);
}

/** Fixed paths before those with parameters. */
function described({ paths }: Document): readonly Described[] {
  return Object.entries(paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { responses }]) => ({
        method: method.toUpperCase(),
        parameters: path.split('{').length,
        responses,
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
