/**
 * Headers of requests and answers, said by rules rather than route by route: a field that a job's answer has, all answers with a job have.
 * They are no part of the routes' schemas, since a check of headers would cost each request. Tests of the API fail where an answer has a
 * header that its operation does not name.
 */
import type { Answer, Operation, Parameter } from './document-parts.ts';
import { REPEATABLE } from './request-headers.ts';

const text = (description: string) => ({ description, schema: { type: 'string' } });
const count = (description: string) => ({ description, schema: { type: 'integer' } });

/** As `components.headers` has them, where each is said once. */
export const HEADERS = {
  ETag: text('The version of what is answered, for `If-None-Match`; that of a job is for `If-Match` too.'),
  Location: text('Where the job or the group is.'),
  'Retry-After': count('Seconds after which asking again is worth it. Of a job: until it is final.'),
  'Preference-Applied': text('The wait that was asked for with `Prefer`, as far as it is granted.'),
  'Idempotency-Replayed': text('`true` where this is what the first request with the key has made.'),
  'Unique-Outcome': text('What became of a submit that met a job of the same unique key.'),
  'Accept-Ranges': text('`bytes`'),
  'Content-Range': text('Which bytes of how many.'),
  'Bide-Next': count('Of an answer in text: what `after` is to be for what follows.'),
  'Bide-Fence': count('Of an answer in text: the fence of the run that it is of.'),
  'WWW-Authenticate': text('How to say who is calling.'),
  Allow: text('With 405: which methods there are.'),
};
type Header = keyof typeof HEADERS;

const header = (name: string, description: string): Parameter => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: { type: 'string' },
});
const PREFER = header('Prefer', '`wait=N` holds the answer for N seconds at most, as the query does.');
const IF_NONE_MATCH = header('If-None-Match', 'An `ETag`: answered 304 while it is still that.');
const RANGE = [
  header('Range', 'Which bytes, as in `bytes=0-99`.'),
  header('If-Range', 'The `ETag` that the range is of.'),
];

const UNIQUE = new Set(['submitJob', 'runSchedule']);
const IF_CHANGED = new Set(['getJob', 'getGroup', 'getResult']);
const NOT_MODIFIED: Answer = { description: 'It is what you have.' };
const OF_OPERATION: Readonly<Record<string, Readonly<Record<string, readonly Header[]>>>> = {
  getResult: {
    200: ['ETag', 'Accept-Ranges'],
    206: ['ETag', 'Accept-Ranges', 'Content-Range'],
    409: ['Retry-After'],
    416: ['Accept-Ranges', 'Content-Range'],
  },
  readLogs: { 200: ['Bide-Next'] },
  readOutput: { 200: ['Bide-Next', 'Bide-Fence'] },
};
const OF_REFUSALS: Readonly<Record<string, readonly Header[]>> = {
  401: ['WWW-Authenticate'],
  429: ['Retry-After'],
  503: ['Retry-After'],
  '4XX': ['Allow', 'Retry-After'],
  '5XX': ['Retry-After'],
};

/** With the headers that a request may have, and those of each answer. */
export function withHeaders(operation: Operation): Operation {
  const { operationId, parameters = [], responses } = operation;
  const asked = askable(operation);
  const answers = IF_CHANGED.has(operationId) ? { ...responses, 304: NOT_MODIFIED } : responses;
  return {
    ...operation,
    ...(parameters.length + asked.length === 0 ? {} : { parameters: [...parameters, ...asked] }),
    responses: Object.fromEntries(
      Object.entries(answers).map(([status, answer]) => {
        const names = [...headersOf(operation, status, answer), ...(OF_OPERATION[operationId]?.[status] ?? [])];
        return [status, names.length === 0 ? answer : { ...answer, headers: named(names) }];
      }),
    ),
  };
}

function named(names: readonly Header[]): NonNullable<Answer['headers']> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function askable({ operationId, parameters = [] }: Operation): readonly Parameter[] {
  return [
    ...(parameters.some(isWait) ? [PREFER] : []),
    ...(IF_CHANGED.has(operationId) ? [IF_NONE_MATCH] : []),
    ...(operationId === 'getResult' ? RANGE : []),
  ];
}

function isWait({ name, in: place }: Parameter): boolean {
  return name === 'wait' && place === 'query';
}

function headersOf({ operationId, parameters = [] }: Operation, status: string, answer: Answer): readonly Header[] {
  if (!status.startsWith('2')) return status === '304' ? ['ETag', 'Retry-After'] : (OF_REFUSALS[status] ?? []);
  const shown = JSON.stringify(answer.content?.['application/json']?.schema ?? null);
  const isJob = shown.endsWith('/Job"}');
  const isTagged = isJob || shown.endsWith('/Group"}');
  return [
    ...(isTagged ? (['ETag'] as const) : []),
    ...(isJob ? (['Retry-After'] as const) : []),
    ...(isTagged && REPEATABLE.has(operationId) ? (['Location', 'Idempotency-Replayed'] as const) : []),
    ...(UNIQUE.has(operationId) ? (['Unique-Outcome'] as const) : []),
    ...(parameters.some(isWait) ? (['Preference-Applied'] as const) : []),
  ];
}
