/** What does not fit a schema, said as sentences: every place that is wrong as a JSON pointer with one of them. */
import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import type { Issue } from '../engine/api.ts';

/** What is wrong with the value; null when nothing is. */
export type Check = (value: unknown) => readonly Issue[] | null;

/** More than anybody fixes in one go, and a bound on the answer to a body full of mistakes. */
const ISSUES_MAX = 20;

/** Compiled when the first value comes: a server has a hundred schemas, of which most see no request before it ends or for hours. */
export function compileCheck(schema: TSchema): Check {
  let validator: Validator | null = null;
  return (value) => {
    validator ??= Compile(schema);
    return validator.Check(value) ? null : issuesOf(schema, validator.Errors(value) as readonly SchemaError[]);
  };
}

interface SchemaError {
  readonly keyword: string;
  /** `#/properties/tag/items` */
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: {
    readonly type?: string | readonly string[];
    readonly requiredProperties?: readonly string[];
    readonly allowedValues?: readonly unknown[];
    readonly allowedValue?: unknown;
  };
}

function issuesOf(schema: TSchema, errors: readonly SchemaError[]): readonly Issue[] {
  const messages = new Map<string, string[]>();
  const add = (path: string, message: string) => messages.set(path, [...(messages.get(path) ?? []), message]);
  for (const error of errors.slice(0, 10 * ISSUES_MAX)) {
    const path = error.instancePath;
    // "or null" beside a mistake further in would only distract from it.
    const isDistraction =
      error.params.type === 'null' && errors.some((other) => other.instancePath.startsWith(`${path}/`));
    if (!isDistraction) for (const [place, message] of sentencesOf(schema, error)) add(place, message);
  }
  return [...messages].slice(0, ISSUES_MAX).map(([path, parts]) => ({ path, message: joined(parts) }));
}

function sentencesOf(schema: TSchema, error: SchemaError): readonly (readonly [string, string])[] {
  const { keyword, instancePath, message, params } = error;
  switch (keyword) {
    // Both repeat what the errors of their parts say already.
    case 'anyOf':
    case 'additionalProperties':
      return [];
    case 'boolean':
      return [[instancePath, 'is not a field that is known here']];
    case 'required':
      return (params.requiredProperties ?? []).map((name) => [`${instancePath}/${name}`, 'is missing']);
    case 'const':
      return [[instancePath, `must be ${params.allowedValue === '' ? 'empty' : String(params.allowedValue)}`]];
    case 'enum':
      return [[instancePath, `must be one of ${(params.allowedValues ?? []).join(', ')}`]];
    case 'type':
      return [[instancePath, `must be ${[params.type ?? []].flat().map(spoken).join(' or ')}`]];
    case 'pattern':
    case 'format':
      return [[instancePath, `must be written like ${exampleAt(schema, error.schemaPath) ?? 'the reference says'}`]];
    default:
      return [[instancePath, message]];
  }
}

/** What the schema there gives as an example: a pattern is for machines. Null where there is none. */
export function exampleAt(schema: TSchema, schemaPath: string): string | null {
  let at: unknown = schema;
  for (const part of schemaPath.split('/').slice(1)) {
    at = (at as Readonly<Record<string, unknown>> | undefined)?.[part.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  const [example] = (at as { readonly examples?: readonly unknown[] } | undefined)?.examples ?? [];
  return typeof example === 'string' ? example : null;
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
