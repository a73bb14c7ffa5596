/**
 * Finds what JSON cannot carry, before JSON.stringify drops or distorts it without a word: functions vanish, a Map becomes `{}`,
 * a Buffer an object of numbers. NaN and Infinity become null and undefined properties are left out, as everywhere in JSON.
 */

export interface JsonProblem {
  /** JSON pointer. */
  readonly path: string;
  /** With its article. */
  readonly what: string;
}

/** Deeper values are refused: the walk and JSON.stringify recurse, and readers of the value would, too. */
const DEPTH_MAX = 500;

/** @param options.isStrict also refuses objects that JSON.stringify would turn into something else (a Date into a text) */
export function jsonProblem(value: unknown, { isStrict }: { isStrict: boolean }): JsonProblem | null {
  const above: object[] = [];

  function visit(inner: unknown, path: string): JsonProblem | null {
    if (typeof inner === 'function' || typeof inner === 'symbol' || typeof inner === 'bigint') {
      return { path, what: `a ${typeof inner}` };
    }
    if (typeof inner !== 'object' || inner === null) return null;
    if (above.length > DEPTH_MAX) return { path: '', what: `a value nested deeper than ${DEPTH_MAX}` };
    if (above.includes(inner)) return { path, what: 'a cycle' };
    if (!isStrict && hasJsonForm(inner)) return null;
    if (isLossy(inner) || (isStrict && hasJsonForm(inner))) return { path, what: nameOf(inner) };
    above.push(inner);
    const problem = visitEach(inner, path);
    above.pop();
    return problem;
  }

  function visitEach(container: object, path: string): JsonProblem | null {
    for (const [key, inner] of Object.entries(container)) {
      if (
        typeof inner !== 'object' &&
        typeof inner !== 'function' &&
        typeof inner !== 'symbol' &&
        typeof inner !== 'bigint'
      ) {
        continue;
      }
      const problem = visit(inner, `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
      if (problem !== null) return problem;
    }
    return null;
  }

  return value === undefined ? null : visit(value, '');
}

function hasJsonForm(value: object): boolean {
  return 'toJSON' in value && typeof value.toJSON === 'function' && !ArrayBuffer.isView(value);
}

function isLossy(value: object): boolean {
  return (
    value instanceof Map ||
    value instanceof Set ||
    value instanceof Promise ||
    value instanceof RegExp ||
    value instanceof Error ||
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value)
  );
}

function nameOf(value: object): string {
  const name: unknown = value.constructor?.name;
  if (typeof name !== 'string' || name === '') return 'a value without a name';
  return /^[AEIOU]/.test(name) ? `an ${name}` : `a ${name}`;
}
