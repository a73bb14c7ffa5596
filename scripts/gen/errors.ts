/** `docs/reference/errors.md`: every error code, grouped by kind. */
import { ERROR_KINDS, ERRORS, type ErrorDefinition, type ErrorKind } from '../../src/core/errors.ts';
import { code, page, table } from './markdown.ts';

const DEFINITIONS = Object.entries<ErrorDefinition>(ERRORS);

export function errorsPage(): string {
  return page('Errors', '`src/core/errors.ts`', [INTRODUCTION, ...ERROR_KINDS.flatMap(section)]);
}

const INTRODUCTION = `Every error that Bide tells has a code that stays the same across versions. The native API sends it as \`code\` in an
\`application/problem+json\` body, beside a \`detail\` about the very case; a failed job has it as \`error.code\`. The dialects say the
same errors in their vendor's shape. Programs should look at the code, people at the detail and at what to do.`;

const KINDS: Readonly<Record<ErrorKind, string>> = {
  invalid: 'The request is malformed',
  unauthorized: 'Nobody is logged in',
  forbidden: 'The key may not do this',
  not_found: 'It does not exist, or belongs to somebody else',
  gone: 'It existed and was removed',
  method: 'The path takes other methods',
  conflict: 'The state does not allow it',
  unprocessable: 'The request is well-formed but cannot be done',
  too_large: 'It is over a limit of size',
  headers_too_large: 'The headers are over a limit of size',
  too_slow: 'It took too long to arrive',
  media_type: 'The content type is not taken',
  quota: 'The tenant has used up what it may',
  busy: 'Too much at once; later it will work',
  unavailable: 'The service or its store is away',
  internal: 'The job or the service itself failed',
};

function section(kind: ErrorKind): string[] {
  const rows = DEFINITIONS.filter(([, definition]) => definition.kind === kind);
  const cells = rows.map(([name, { title, advice }]) => [code(name), title, advice]);
  return [`## ${KINDS[kind]} (${code(kind)})`, table(['code', 'what is wrong', 'what to do'], cells)];
}
