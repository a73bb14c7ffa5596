/**
 * Checks requests against the schemas of `wire.ts`, and says every place that is wrong as a JSON pointer with one sentence.
 *
 * Bodies are checked as they are. Queries are text, so numbers are read first, strictly (`5`, `0.5`, `-1`; not an empty string, `1e3` or
 * `true`), and what may be repeated is an array even when it came once.
 */
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Issue } from '../../engine/api.ts';
import { invalid } from './problem.ts';

/** What is wrong with the value; null when nothing is. */
export type Check = (value: unknown) => readonly Issue[] | null;

/** More than anybody mends in one go, and a bound on the answer to a body full of mistakes. */
const ISSUES_MAX = 20;
const DECIMAL = /^-?\d{1,15}(?:\.\d{1,6})?$/;

export function compileCheck(schema: TSchema): Check {
  const validator = Compile(schema);
  return (value) => (validator.Check(value) ? null : issuesOf(validator.Errors(value) as readonly SchemaError[]));
}

/** For Fastify: validators that throw our own error, and leave path parameters to the handlers. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  if (httpPart === 'params') return () => true;
  const check = compileCheck(schema);
  const read = httpPart === 'querystring' ? queryReader(schema) : (value: unknown) => value;
  return (raw: unknown) => {
    const value = read(raw);
    const issues = check(value);
    return issues === null ? { value } : { error: invalid(issues) };
  };
};

function queryReader(schema: TSchema): (query: unknown) => unknown {
  const properties = Object.entries(
    (schema as unknown as { properties: Record<string, { type?: string }> }).properties,
  );
  const arrays = properties.filter(([, { type }]) => type === 'array').map(([name]) => name);
  const numbers = properties.filter(([, { type }]) => type === 'number' || type === 'integer').map(([name]) => name);
  return (query) => {
    const read: Record<string, unknown> = { ...(query as object) };
    for (const name of arrays) if (typeof read[name] === 'string') read[name] = [read[name]];
    for (const name of numbers) {
      const text = read[name];
      if (typeof text === 'string' && DECIMAL.test(text)) read[name] = Number(text);
    }
    return read;
  };
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: {
    readonly type?: string | readonly string[];
    readonly requiredProperties?: readonly string[];
    readonly allowedValues?: readonly unknown[];
  };
}

function issuesOf(errors: readonly SchemaError[]): readonly Issue[] {
  const messages = new Map<string, string[]>();
  const add = (path: string, message: string) => messages.set(path, [...(messages.get(path) ?? []), message]);
  for (const error of errors.slice(0, 10 * ISSUES_MAX)) {
    const path = error.instancePath;
    // "or null" beside a mistake further in would only distract from it.
    const isDistraction =
      error.params.type === 'null' && errors.some((other) => other.instancePath.startsWith(`${path}/`));
    if (!isDistraction) for (const [place, message] of sentencesOf(error)) add(place, message);
  }
  return [...messages].slice(0, ISSUES_MAX).map(([path, parts]) => ({ path, message: joined(parts) }));
}

function sentencesOf({ keyword, instancePath, message, params }: SchemaError): readonly (readonly [string, string])[] {
  switch (keyword) {
    // Both repeat what the errors of their parts say already.
    case 'anyOf':
    case 'additionalProperties':
      return [];
    case 'boolean':
      return [[instancePath, 'is not a field that is known here']];
    case 'required':
      return (params.requiredProperties ?? []).map((name) => [`${instancePath}/${name}`, 'is missing']);
    case 'enum':
      return [[instancePath, `must be one of ${(params.allowedValues ?? []).join(', ')}`]];
    case 'type':
      return [[instancePath, `must be ${[params.type ?? []].flat().map(spoken).join(' or ')}`]];
    default:
      return [[instancePath, message]];
  }
}

const SPOKEN: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'an array',
};

function spoken(type: string): string {
  return SPOKEN[type] ?? type;
}

/** `must be a string`, `must be null` -> `must be a string or null`. */
function joined(parts: readonly string[]): string {
  const [first = '', ...rest] = [...new Set(parts)];
  return [first, ...rest.map((part) => part.replace(/^must be /, ''))].join(' or ');
}
