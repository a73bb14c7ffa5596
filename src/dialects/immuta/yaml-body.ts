/**
 * Bodies in YAML, as people keep the descriptions of their data sources, read as the JSON that they stand for.
 *
 * Only what JSON has comes out: the core schema makes no dates and no bytes, and a number that a double cannot hold is refused. Nesting is
 * bounded by the parser; aliases are followed, but a text that grows through them beyond a node per byte allowed is refused.
 */
import { isUtf8 } from 'node:buffer';
import { load, YAMLException } from 'js-yaml';
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import type { Limits } from '../../core/limits.ts';

const YAML_TYPES = new Set(['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml', 'text/vnd.yaml']);

export function isYamlType(mediaType: string): boolean {
  return YAML_TYPES.has(mediaType) || mediaType.endsWith('+yaml');
}

/** Undefined for an empty body. Throws INVALID_REQUEST with the line and column of what is wrong, or NUMBER_INEXACT. */
export function readYaml(
  body: Buffer | undefined,
  limits: Pick<Limits, 'jsonDepthMax' | 'bodyBytesMax'>,
): Json | undefined {
  if (body === undefined) return undefined;
  if (!isUtf8(body)) throw new BideError('INVALID_REQUEST', 'The body is not valid UTF-8.');
  const value = loaded(body.toString('utf8'), limits.jsonDepthMax);
  let nodesLeft = limits.bodyBytesMax;
  const look = (part: unknown): void => {
    nodesLeft -= 1;
    if (nodesLeft < 0) throw new BideError('INVALID_REQUEST', 'The aliases of the body make it too large.');
    if (typeof part === 'number') requireExact(part);
    if (typeof part === 'object' && part !== null) for (const inner of Object.values(part)) look(inner);
  };
  look(value);
  return value;
}

function loaded(text: string, maxDepth: number): Json {
  try {
    // Duplicate keys as in JSON: the last one counts.
    return load(text, { json: true, maxDepth }) as Json;
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const { line, column } = error.mark ?? { line: 0, column: 0 };
    throw new BideError(
      'INVALID_REQUEST',
      `The body is not YAML: ${error.reason} (line ${line + 1}, column ${column + 1}).`,
    );
  }
}

function requireExact(value: number): void {
  const isExact = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  if (!isExact)
    throw new BideError('NUMBER_INEXACT', `${value} is a number that JSON cannot hold exactly; send it as a text.`);
}
