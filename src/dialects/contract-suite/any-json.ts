/** JSON of every shape, most of it near what faces look for in results and origins: their names, with values of another kind. */
import fc from 'fast-check';
import type { Json } from '../../core/job.ts';
import { fieldsOf } from '../../core/json-object.ts';
import type { Held } from './held.ts';

/** Names that faces read, and those that every object has without being given them. */
const NAMES = [
  ...['columns', 'rows', 'types', 'total', 'row_count'],
  ...['messages', 'segments', 'text', 'content', 'payload', 'from', 'speaker', 'name', 'userId', 'email'],
  ...['start', 'end', 'startTime', 'endTime', 'duration'],
  ...['topics', 'questions', 'actionItems', 'followUps', 'entities', 'intents', 'summary', 'sentiment', 'trackers'],
  ...['bytes', 'contentType', 'stack', 'metadata', 'id', 'message'],
  ...['resultKey', 'queryName', 'limit', 'skip', 'withMetadata', 'queryId', 'datasetId', 'conversationId', 'upload'],
  ...['options', 'endpoint', 'encoding', 'rowEncoding', 'offset', 'removeOnComplete', 'isAsync', 'queryText', 'pageOf'],
  ...['toString', 'valueOf', 'toJSON', 'constructor', '__proto__', 'hasOwnProperty', 'length', ''],
] as const;

const TEXTS = [
  ...['', 'x', 'Is it? It is. Good!', '1', '-1.5', 'NaN', 'Infinity', '9223372036854775808', '1e400'],
  ...[
    '2024-05-01T09:00:00.000Z',
    '+275760-09-13T00:00:00.000Z',
    'BIGINT',
    'INTEGER',
    'DOUBLE',
    'DECIMAL(10,2)',
    'UUID',
  ],
  ...['constructor', '__proto__', 'toString', 'json', 'binary', '/execute/sql', '\u0000', '\ud800', 'é☃'],
  ...['../../etc/passwd', '00000000-0000-4000-8000-000000000000'],
];
const NUMBERS = [0, -0, 1, -1, 0.5, 1e15, 2 ** 53, -(2 ** 53), 1e21, 1e300, -1e300, 5e-324, 8.64e15, -8.64e15];

const leaf = fc.oneof(
  fc.constantFrom<Json>(null, true, false, {}, []),
  fc.constantFrom(...TEXTS),
  fc.constantFrom(...NUMBERS),
  fc.string({ unit: 'binary', maxLength: 5 }),
);

const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    { weight: 3, arbitrary: leaf },
    { weight: 2, arbitrary: fc.array(tie('tree'), { maxLength: 4 }) },
    { weight: 3, arbitrary: fc.dictionary(fc.constantFrom(...NAMES), tie('tree'), { maxKeys: 6 }) },
  ),
}));

/** A table, each part of which may be something else. */
const table = fc.record(
  {
    columns: fc.oneof(fc.array(fc.oneof(fc.constantFrom('a', 'b'), leaf), { maxLength: 3 }), tree),
    types: fc.oneof(
      fc.array(fc.constantFrom('BIGINT', 'INTEGER', 'DOUBLE', 'VARCHAR', 'toString'), { maxLength: 3 }),
      tree,
    ),
    rows: fc.oneof(fc.array(fc.oneof(fc.array(leaf, { maxLength: 3 }), tree), { maxLength: 3 }), tree),
    total: leaf,
  },
  { requiredKeys: [] },
);

/** What was said, each part of which may be something else. */
const spoken = fc.record(
  {
    messages: fc.array(
      fc.record(
        {
          text: leaf,
          payload: tree,
          from: tree,
          speaker: leaf,
          start: leaf,
          end: leaf,
          startTime: leaf,
          duration: tree,
        },
        { requiredKeys: [] },
      ),
      { maxLength: 3 },
    ),
    topics: tree,
    summary: tree,
    questions: tree,
  },
  { requiredKeys: [] },
);

export const anyJson: fc.Arbitrary<Json> = fc.oneof(tree, table as fc.Arbitrary<Json>, spoken as fc.Arbitrary<Json>);

/** Any end of a job. */
export function endOf(): fc.Arbitrary<Held['end']> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('json' as const), result: anyJson }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('bytes' as const),
        contentType: fc.constantFrom('text/plain', 'application/octet-stream', 'text/plain; charset=utf-16'),
        bytes: fc.uint8Array({ maxLength: 10 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('failed' as const),
        message: fc.string({ unit: 'binary', maxLength: 20 }),
        details: anyJson,
      }),
    },
  );
}

/** One as deep as a result may be. */
export function nestedJson(depth: number): Json {
  return JSON.parse(`${'[{"rows":'.repeat(Math.floor(depth / 2))}1${'}]'.repeat(Math.floor(depth / 2))}`) as Json;
}

/** This value, this value with one member another, or any. */
export function nearJson(value: Json): fc.Arbitrary<Json> {
  const names = Object.keys(fieldsOf(value));
  if (names.length === 0) return anyJson;
  const changed = fc
    .record({ name: fc.constantFrom(...names), other: anyJson })
    .map(({ name, other }): Json => ({ ...fieldsOf(value), [name]: other }));
  return fc.oneof({ weight: 3, arbitrary: fc.constant(value) }, { weight: 2, arbitrary: changed }, anyJson);
}
