/**
 * Checks requests against the schemas of `wire.ts`. Bodies are checked as they are. Queries are text, so numbers are read first, strictly
 * (`5`, `0.5`, `-1`; not an empty string, `1e3` or `true`), and what may be repeated is an array even when it came once.
 */
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { compileCheck } from '../schema-check.ts';
import { invalid } from './problem.ts';

const DECIMAL = /^-?\d{1,15}(?:\.\d{1,6})?$/;

/** For Fastify: validators that throw our own error, and leave path parameters to the handlers. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  if (httpPart === 'params') return () => true;
  const check = compileCheck(schema);
  const isQuery = httpPart === 'querystring';
  const read = isQuery ? queryReader(schema) : (value: unknown) => value;
  let mayBeEmpty: boolean | null = null;
  return (raw: unknown) => {
    // Of most requests: a poll has no query.
    if (isQuery && isEmpty(raw as object)) {
      mayBeEmpty ??= check({}) === null;
      if (mayBeEmpty) return EMPTY;
    }
    const value = read(raw);
    const issues = check(value);
    return issues === null ? { value } : { error: invalid(issues) };
  };
};

const EMPTY = Object.freeze({ value: Object.freeze({}) });

function isEmpty(query: object): boolean {
  for (const _ in query) return false;
  return true;
}

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
