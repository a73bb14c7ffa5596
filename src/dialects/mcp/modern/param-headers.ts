/**
 * Arguments that headers repeat, for whoever routes by them: a property of the tool's schema says so with `x-mcp-header`. What stands in the header
 * has to be what stands in the body.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isMembers, type Members } from '../rpc.ts';
import { decodedHeader, mismatch } from './header-value.ts';

export interface ParamHeader {
  /** As Node spells it. */
  readonly header: string;
  /** Where the argument is. */
  readonly path: readonly string[];
}

/** As deep as anybody nests arguments. */
const DEPTH_MAX = 10;

/** Of a tool's schema: only what is reached by properties alone. */
export function paramHeadersOf(schema: unknown, path: readonly string[] = []): readonly ParamHeader[] {
  if (!isMembers(schema) || path.length > DEPTH_MAX) return [];
  const name = path.length === 0 ? undefined : schema['x-mcp-header'];
  const own = typeof name === 'string' ? [{ header: `mcp-param-${name.toLowerCase()}`, path }] : [];
  const properties = isMembers(schema.properties) ? Object.entries(schema.properties) : [];
  return [...own, ...properties.flatMap(([key, property]) => paramHeadersOf(property, [...path, key]))];
}

/** Throws an RpcError where a header is missing, or says something else. */
export function requireParamHeaders(
  headers: IncomingHttpHeaders,
  wanted: readonly ParamHeader[],
  given: Members,
): void {
  for (const { header, path } of wanted) {
    const value = path.reduce<unknown>((at, key) => (isMembers(at) && Object.hasOwn(at, key) ? at[key] : null), given);
    const said = headers[header];
    if (value === null && said === undefined) continue;
    if (said === undefined) throw mismatch(`the header ${header} is missing`);
    if (!isSame(decodedHeader(String(said)), value))
      throw mismatch(`${header} is not what ${path.join('.')} is in the body`);
  }
}

function isSame(said: string | null, value: unknown): boolean {
  if (said === null) return false;
  return typeof value === 'number' ? said.trim() !== '' && Number(said) === value : said === String(value);
}
