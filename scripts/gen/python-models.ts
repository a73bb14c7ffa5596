/** `clients/python/src/bide/models.py`: what the native API sends and takes, as types for Python. */
import { type OpenApi, type Schema, schemaAt } from './openapi-document.ts';

const HEAD = `"""What the API sends and takes, as it travels: made from \`/openapi.json\` by \`npm run gen\`.

Times are texts in ISO 8601, in UTC. What a newer server adds is there at run time as well.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict, Union
`;

/** Types that Python needs by name, and where the document has them: in an operation's answer or body, below these properties. */
const NAMED: readonly (readonly [name: string, operation: string, part: 'answer' | 'body', ...path: string[]])[] = [
  ['UnknownJob', 'waitForJobs', 'answer', 'jobs', '[]', '|1'],
  ['BulkItem', 'submitJobs', 'answer', 'items', '[]'],
  ['Attempt', 'listAttempts', 'answer', 'attempts', '[]'],
  ['LogLine', 'readLogs', 'answer', 'lines', '[]'],
  ['Chunk', 'readOutput', 'answer', 'chunks', '[]'],
  ['Work', 'claimWork', 'answer', 'jobs', '[]'],
  ['Heartbeat', 'heartbeatWork', 'answer'],
  ['Retry', 'submitJob', 'body', 'retry', '|0'],
  ['Unique', 'submitJob', 'body', 'unique', '|0'],
  ['Limit', 'submitJob', 'body', 'limit', '|0'],
  ['Callback', 'submitJob', 'body', 'callback', '|0'],
];
const COMPONENTS = ['Job', 'Problem', 'JobToken'];

export function pythonModelsPage(document: OpenApi): string {
  const written = new Written(document);
  for (const name of COMPONENTS) define(name, schemaAt(document, name), written);
  for (const [name, operation, part, ...path] of NAMED) {
    define(name, schemaAt(document, operation, part, ...path), written);
  }
  return [HEAD, ...written.values()].join('\n\n');
}

/** The types so far, by name. */
class Written extends Map<string, string> {
  readonly document: OpenApi;

  constructor(document: OpenApi) {
    super();
    this.document = document;
  }
}

/** Writes the type, and before it those that it is made of. */
function define(name: string, schema: Schema, written: Written): void {
  if (written.has(name)) return;
  if (schema.properties === undefined) {
    const type = typeOf(schema, name, written);
    written.set(name, `${name} = ${type.includes(' | ') ? `Union[${type.replaceAll(' | ', ', ')}]` : type}\n`);
    return;
  }
  const fields = Object.entries(schema.properties).map(([field, inner]) => {
    if (!/^[a-zA-Z]\w*$/.test(field)) throw new Error(`${name}.${field} is no name in Python.`);
    const lines = `    ${field}: ${typeOf(inner, `${name}${capital(field)}`, written)}\n`;
    const { description } = inner;
    return { field, text: `${description === undefined ? '' : comment(description)}${lines}` };
  });
  const isRequired = ({ field }: { readonly field: string }) => schema.required?.includes(field) ?? false;
  written.set(
    name,
    classesOf(
      name,
      schema.description,
      fields.filter(isRequired),
      fields.filter((f) => !isRequired(f)),
    ),
  );
}

interface Field {
  readonly text: string;
}

/** Two classes where some fields may be missing: Python 3.10 has no word for a single one. */
function classesOf(
  name: string,
  about: string | undefined,
  required: readonly Field[],
  rest: readonly Field[],
): string {
  const doc = about === undefined ? '' : `    """${about}"""\n\n`;
  const body = (fields: readonly Field[]) => fields.map(({ text }) => text).join('');
  if (rest.length === 0) return `class ${name}(TypedDict):\n${doc}${body(required) || '    pass\n'}`;
  if (required.length === 0) return `class ${name}(TypedDict, total=False):\n${doc}${body(rest)}`;
  return `class _${name}Always(TypedDict):\n${body(required)}\n\nclass ${name}(_${name}Always, total=False):\n${doc}${body(rest)}`;
}

const PLAIN: Readonly<Record<string, string>> = {
  string: 'str',
  integer: 'int',
  number: 'float',
  boolean: 'bool',
  null: 'None',
};

function typeOf(schema: Schema, name: string, written: Written): string {
  if (schema.$ref !== undefined) return referred(schema.$ref.split('/').at(-1) ?? '', written);
  if (schema.enum !== undefined) return `Literal[${schema.enum.map(literal).join(', ')}]`;
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) {
    const isOne = alternatives.filter(({ type }) => type !== 'null').length === 1;
    const types = alternatives.map((one, at) => typeOf(one, isOne ? name : `${name}${at + 1}`, written));
    return types.includes('Any') ? 'Any' : [...new Set(types)].join(' | ');
  }
  if (typeof schema.type === 'object') return schema.type.map((type) => PLAIN[type] ?? 'Any').join(' | ');
  if (schema.type === 'array') return `list[${typeOf(schema.items ?? {}, `${name}Item`, written)}]`;
  if (schema.type === 'object') return objectOf(schema, name, written);
  return PLAIN[schema.type ?? ''] ?? 'Any';
}

function referred(name: string, written: Written): string {
  define(name, schemaAt(written.document, name), written);
  return name;
}

function objectOf(schema: Schema, name: string, written: Written): string {
  if (schema.properties !== undefined && Object.keys(schema.properties).length > 0) {
    define(name, schema, written);
    return name;
  }
  const { additionalProperties } = schema;
  const values =
    typeof additionalProperties === 'object' ? typeOf(additionalProperties, `${name}Value`, written) : 'Any';
  return `dict[str, ${values}]`;
}

function literal(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value);
}

function comment(text: string): string {
  return `    #: ${text.replace(/\s+/g, ' ')}\n`;
}

function capital(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}
