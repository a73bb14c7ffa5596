/**
 * Finds what JSON cannot carry, before JSON.stringify drops or distorts it without a word: functions vanish, a Map, a generator that was
 * never run and an instance with private fields become `{}`, a Buffer an object of numbers. So objects are plain ones, arrays, and
 * those that say their JSON themselves (`toJSON`). NaN and Infinity become null and undefined properties are left out, as everywhere in JSON.
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
    if (hasJsonForm(inner)) return isStrict ? { path, what: nameOf(inner) } : visitForm(inner, path);
    return visitPlain(inner, path);
  }

  /** What `toJSON` gives is written as it is, whatever methods it has. */
  function visitForm(inner: JsonForm, path: string): JsonProblem | null {
    const form = inner.toJSON('');
    if (typeof form !== 'object' || form === null) return visit(form, path);
    return visitPlain(form, path);
  }

  function visitPlain(inner: object, path: string): JsonProblem | null {
    if (above.length > DEPTH_MAX) return { path: '', what: `a value nested deeper than ${DEPTH_MAX}` };
    if (above.includes(inner)) return { path, what: 'a cycle' };
    if (!isPlain(inner)) return { path, what: nameOf(inner) };
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

interface JsonForm {
  toJSON(key: string): unknown;
}

/** Bytes have one that writes them as numbers; they are none of what JSON is meant to carry. */
function hasJsonForm(value: object): value is JsonForm {
  return 'toJSON' in value && typeof value.toJSON === 'function' && !ArrayBuffer.isView(value);
}

/** An array, or an object whose prototype is none or the root of all, be it that of another realm. */
function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function nameOf(value: object): string {
  const own: unknown = value.constructor?.name;
  // A generator has no constructor with a name, and says what it is by its tag.
  const name = typeof own === 'string' && own !== '' ? own : Object.prototype.toString.call(value).slice(8, -1);
  return /^[AEIOU]/.test(name) ? `an ${name}` : `a ${name}`;
}
