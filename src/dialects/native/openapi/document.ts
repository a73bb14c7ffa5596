/**
 * Makes of the routes' schemas a document that generators and readers like: schemas with a name are in it once, each operation says its errors
 * by code, and bodies, answers and paths have examples that a server took and gave.
 */
import { readFileSync } from 'node:fs';
import { BideError, ERRORS, type ErrorCode } from '../../../core/errors.ts';
import type { Json } from '../../../core/job.ts';
import { problemOf } from '../problem.ts';
import type { Answer, Document, Media, Operation, Parameter } from './document-parts.ts';
import { HEADERS, withHeaders } from './headers.ts';
import { hoistNamed } from './named-schemas.ts';
import { MAYBE_BODY } from './optional-bodies.ts';
import { refusalsOf } from './refusals.ts';
import { headersOf } from './request-headers.ts';

interface Example {
  readonly path: string;
  readonly body?: Json;
  readonly answers: Readonly<Record<string, Json>>;
}
type Examples = Readonly<Record<string, Example>>;

const JSON_MEDIA = 'application/json';
const PROBLEM_MEDIA = 'application/problem+json';
const PROBLEM = { $ref: '#/components/schemas/Problem' };
const UNSAID = 'Default Response';
const SAID: Readonly<Record<string, string>> = {
  200: 'Done.',
  201: 'Made.',
  202: 'Taken: the job says what comes of it.',
};

/** @param prefix what stands before `/v1` in the paths */
export function completeDocument<Given extends object>(given: Given, prefix: string): Given {
  const document = hoistNamed(given as unknown as Document);
  const examples = JSON.parse(readFileSync(new URL('./examples.snap.json', import.meta.url), 'utf8')) as Examples;
  const named = new Set<ErrorCode>();
  const paths = Object.fromEntries(
    Object.entries(document.paths).map(([path, operations]) => {
      const own = path.slice(prefix.length);
      return [
        path,
        Object.fromEntries(
          Object.entries(operations).map(([method, operation]) => {
            const codes = [...refusalsOf(method, own, operation)];
            for (const code of codes) named.add(code);
            return [method, complete(own, operation, codes, examples[operation.operationId])];
          }),
        ),
      ];
    }),
  );
  const problems = [...named].sort().map((code) => [code, { summary: ERRORS[code].title, value: problemLike(code) }]);
  const components = { ...document.components, examples: Object.fromEntries(problems), headers: HEADERS };
  return { ...document, paths, components } as unknown as Given;
}

function complete(path: string, given: Operation, codes: readonly ErrorCode[], example?: Example): Operation {
  const { [MAYBE_BODY]: mayBeLeftOut = false, ...operation } = given;
  const { operationId, requestBody, responses } = operation;
  const parameters = [...(operation.parameters ?? []), ...headersOf(operationId)];
  const body = requestBody && {
    ...requestBody,
    ...(mayBeLeftOut ? { required: false } : {}),
    content: contentLike(requestBody.content, example?.body),
  };
  return withHeaders({
    ...operation,
    ...(parameters.length > 0 && { parameters: parameters.map((one) => parameterLike(path, one, example)) }),
    ...(body && { requestBody: body }),
    responses: { ...answersLike(responses, example), ...problemAnswers(codes), ...OTHERS },
  });
}

/** A part of a path that is a parameter, as it was in the example. */
function parameterLike(path: string, parameter: Parameter, example?: Example): Parameter {
  if (parameter.in !== 'path' || example === undefined) return parameter;
  const at = path.split('/').indexOf(`{${parameter.name}}`);
  const value = example.path.split('?')[0]?.split('/')[at];
  return value === undefined ? parameter : { ...parameter, example: value };
}

function contentLike(content: Operation['responses'][string]['content'] & object, value?: Json) {
  const media = content[JSON_MEDIA];
  if (media === undefined || value === undefined) return content;
  return { ...content, [JSON_MEDIA]: { ...media, example: value } satisfies Media };
}

function answersLike(responses: Operation['responses'], example?: Example): Record<string, Answer> {
  return Object.fromEntries(
    Object.entries(responses).map(([status, answer]) => {
      const { content } = answer;
      const description = answer.description === UNSAID ? (SAID[status] ?? 'Answered.') : answer.description;
      const value = example?.answers[status];
      return [
        status,
        { ...answer, description, ...(content === undefined ? {} : { content: contentLike(content, value) }) },
      ];
    }),
  );
}

function problemAnswers(codes: readonly ErrorCode[]): Record<string, Answer> {
  const byStatus = Map.groupBy(codes, (code) => problemLike(code).status);
  return Object.fromEntries(
    [...byStatus].map(([status, some]) => {
      const description = some.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join('\n\n');
      const examples = Object.fromEntries(some.map((code) => [code, { $ref: `#/components/examples/${code}` }]));
      return [String(status), { description, content: { [PROBLEM_MEDIA]: { schema: PROBLEM, examples } } }];
    }),
  );
}

/** What no operation can rule out: a URL, headers or a body that never arrive whole, and a server or store in trouble. */
const OTHERS: Record<string, Answer> = {
  '4XX': { description: 'The request could not be read.', content: { [PROBLEM_MEDIA]: { schema: PROBLEM } } },
  '5XX': {
    description: 'Not now: the server is busy, stops, or its store has trouble. Try again after Retry-After.',
    content: { [PROBLEM_MEDIA]: { schema: PROBLEM } },
  },
};

function problemLike(code: ErrorCode) {
  return problemOf(new BideError(code)).body;
}
