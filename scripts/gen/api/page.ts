/** `docs/reference/api/*.md`: a page per tag of the API, each call with what it takes and answers, and how three clients say it. */
import { code, page, table } from '../markdown.ts';
import { openApiDocument, type Schema } from '../openapi-document.ts';
import { curlOf, pythonOf, typeScriptOf } from './calls.ts';
import { fieldsOf, saysOf, typeOf } from './fields.ts';
import { asJson } from './literals.ts';
import { type ApiCall, type ApiDocument, callsOf, type Parameter } from './operations.ts';

const FOLDER = 'docs/reference/api';
const SOURCE = '`/openapi.json`';
const ERRORS_OF_ALL = ['4XX', '5XX'];

export async function apiPages(): Promise<Readonly<Record<string, () => string>>> {
  const document = (await openApiDocument()) as ApiDocument;
  const calls = callsOf(document);
  const pages = document.tags.map(({ name, description }) => {
    const own = calls.filter(({ operation }) => operation.tags.includes(name));
    return [
      `${FOLDER}/${name}.md`,
      () => tagPage(titleOf(name), linked(description), own, document.components.schemas),
    ] as const;
  });
  return { [`${FOLDER}/index.md`]: () => indexPage(document, calls), ...Object.fromEntries(pages) };
}

function indexPage({ tags }: ApiDocument, calls: readonly ApiCall[]): string {
  const parts = tags.flatMap(({ name, description }) => {
    const own = calls.filter(({ operation }) => operation.tags.includes(name));
    const rows = own.map((call) => [
      `[${call.operation.summary}](${name}.md#${anchorOf(call)})`,
      code(`${call.example.method} ${call.path}`),
    ]);
    return [`## ${titleOf(name)}`, linked(description), table(['call', 'request'], rows)];
  });
  return page('API', SOURCE, [INTRODUCTION, ...parts]);
}

const INTRODUCTION = `Every call of the native API, with an example in curl, TypeScript and Python. Your server has the same as \`/docs\` and, for programs, as
\`/openapi.json\`. The examples are one story: what they show was sent to a server, and answered by it.

They take this for granted:

\`\`\`sh example: of a server of yours
export BIDE_URL=http://127.0.0.1:7070 BIDE_KEY=$(cat bide-data/admin.key)
\`\`\`

\`\`\`ts check
import { createClient } from 'bide/client';

export const client = createClient({ url: process.env.BIDE_URL ?? '', key: process.env.BIDE_KEY ?? '' });
\`\`\`

\`\`\`python example: of a server of yours
from bide import Client

client = Client()  # takes BIDE_URL and BIDE_KEY
\`\`\`

- Times are ISO 8601 in UTC. Durations in bodies are milliseconds, waits in the URL are seconds.
- A key goes into \`Authorization: Bearer …\` or \`X-API-Key: …\`. What it may do says [operating](../../operations/operating.md).
- Whatever goes wrong is \`application/problem+json\` with a stable \`code\`: [errors](../errors.md) has all of them and what to do. Besides the errors that a call names, each may answer
  401 without a valid key, 403 without the scope, 429 and 503 with \`Retry-After\`.
- Every bound has a name and a value: [limits](../limits.md).`;

function tagPage(
  title: string,
  description: string,
  calls: readonly ApiCall[],
  schemas: Readonly<Record<string, Schema>>,
): string {
  return page(`API: ${title.toLowerCase()}`, SOURCE, [
    description,
    '[All calls](index.md), with what the examples take for granted.',
    ...calls.flatMap((call) => callParts(call, schemas)),
  ]);
}

function callParts(call: ApiCall, schemas: Readonly<Record<string, Schema>>): readonly string[] {
  const { operation, example, path, isOpen } = call;
  const { summary, description, parameters = [], operationId } = operation;
  const body = operation.requestBody?.content['application/json']?.schema;
  const fields = body === undefined ? [] : fieldsOf(body, schemas);
  const typeScript = typeScriptOf(operationId, example);
  const python = pythonOf(operationId, example);
  return [
    `## ${summary}`,
    `${code(`${example.method} ${path}`)} · \`${operationId}\``,
    ...(description === undefined ? [] : [linked(description)]),
    fence('sh', curlOf(example, isOpen)),
    ...(typeScript === null ? [] : [fence('ts', typeScript)]),
    ...(isOpen || python === null ? [] : [fence('python', python)]),
    ...(parameters.length === 0
      ? []
      : [
          table(
            ['parameter', 'in', 'type', 'meaning'],
            parameters.map((one) => parameterRow(one, schemas)),
          ),
        ]),
    ...(fields.length === 0
      ? []
      : [
          table(
            ['body', 'type', 'meaning'],
            fields.map(({ name, type, isRequired, says }) => [
              code(name),
              type,
              `${isRequired ? 'Required. ' : ''}${says}`,
            ]),
          ),
        ]),
    ...answerParts(call),
  ];
}

function parameterRow(
  { name, in: place, required = false, description = '', schema }: Parameter,
  schemas: Readonly<Record<string, Schema>>,
) {
  const says = saysOf(
    name,
    { ...schema, description: description === '' ? (schema.description ?? '') : description },
    schema,
  );
  return [
    code(name),
    place,
    typeOf(schema, schemas),
    `${required && place !== 'path' ? 'Required. ' : ''}${says}`.trim(),
  ];
}

function answerParts({ operation: { responses } }: ApiCall): readonly string[] {
  const good = Object.entries(responses).filter(([status]) => /^[23]\d\d$/.test(status));
  const bad = Object.entries(responses).filter(([status]) => /^[45]/.test(status) && !ERRORS_OF_ALL.includes(status));
  const shown = good.flatMap(([status, { content = {} }]) => {
    const example = content['application/json']?.example;
    return example === undefined ? [] : [`Answer ${status}:`, `\`\`\`json\n${asJson(example)}\n\`\`\``];
  });
  const rows = [
    ...good.map(([status, { description }]) => [status, description]),
    ...bad.map(([status, { description }]) => [
      status,
      description.replaceAll('\n\n', ' ').replaceAll(/`([A-Z_]+)`/g, '[`$1`](../errors.md)'),
    ]),
  ];
  return [...shown, table(['status', 'when'], rows)];
}

function fence(language: string, text: string): string {
  return `\`\`\`${language} recipe\n${text}\n\`\`\``;
}

/** Descriptions name pages of the docs; here they are links. */
function linked(text: string): string {
  return text.replaceAll(/\bdocs\/((?:[\w-]+\/)*([\w-]+))\.md\b/g, '[$2](../../$1.md)');
}

function anchorOf({ operation }: ApiCall): string {
  return operation.summary
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}

function titleOf(tag: string): string {
  return `${tag[0]?.toUpperCase()}${tag.slice(1)}`;
}
