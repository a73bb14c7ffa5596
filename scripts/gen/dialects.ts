/** `docs/dialects/index.md`: what is served in each vendor's shape, what is not and why, and the words for the states. */
import { ERROR_KINDS } from '../../src/core/errors.ts';
import { SHOWN_STATES } from '../../src/core/state.ts';
import { dialects } from '../../src/dialects/index.ts';
import type { Dialect } from '../../src/http/dialect.ts';
import { code, page, table } from './markdown.ts';

export function dialectsPage(): string {
  return page('Dialects', 'the manifests in `src/dialects/*/index.ts`', [
    INTRODUCTION,
    '## The words',
    table(['state', 'native', ...dialects.map(({ title }) => title)], [...SHOWN_STATES.map(wordsOf), parkedWords()]),
    READS,
    '## The status codes',
    table(['kind of error', ...dialects.map(({ title }) => title)], ERROR_KINDS.map(statusesOf)),
    ...dialects.flatMap(section),
  ]);
}

const INTRODUCTION = `Bide speaks ${dialects.length} job APIs beside its own, those of standards and of vendors, so that clients written for them work against it. Each dialect is served below
\`/<name>\`, or by config on a port or a host name of its own. A job that came in through one can be read through all of them and
through the native API, in the words below. Keys are Bide's own keys, whatever header the client carries them in. The fine points of
each are in the \`NOTES.md\` of its folder.`;

const READS = `A read of the job is answered with 200 in every one of these states. \`parked\` is a job that has begun and waits for a signal.
\`test/one-job-every-dialect.test.ts\` takes one job natively to each row and reads it through every column.`;

function wordsOf(state: (typeof SHOWN_STATES)[number]): string[] {
  return [code(state), code(state), ...dialects.map(({ vocabulary }) => code(vocabulary.states[state]))];
}

/** A parked job is stored as `scheduled`; to other clients it is one that has begun. */
function parkedWords(): string[] {
  const words = dialects.map(({ vocabulary: { parked, states } }) => code(parked ?? states.running));
  return [code('parked'), code('scheduled'), ...words];
}

function statusesOf(kind: (typeof ERROR_KINDS)[number]): string[] {
  return [code(kind), ...dialects.map((dialect) => String(dialect.errorBody(kind, '').status))];
}

function section({ name, title, vocabulary, serves, omits }: Dialect): string[] {
  const unsaid = Object.entries(vocabulary.unsupported).map(([word, why]) => `- ${code(word)} is never said: ${why}`);
  const endpoints = serves.map(({ method, path, purpose }) => [method, code(path), purpose]);
  const left = omits.map(({ what, why }) => [what, why]);
  return [
    `## ${title} (${code(`/${name}`)})`,
    table(['method', 'path', 'what it does'], endpoints),
    ...(left.length === 0 ? [] : ['Not served:', table(['what', 'why'], left)]),
    ...(unsaid.length === 0 ? [] : [unsaid.join('\n')]),
  ];
}
