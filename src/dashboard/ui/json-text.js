/** JSON as people read and write it, without a change to what it says: numbers stay digit for digit. */

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
/** Deeper than this nobody reads by the indent. */
const INDENT_MAX = 40;

/** With line breaks and indents; null where it is no JSON. @param {string} text @returns {string | null} */
export function prettyJson(text) {
  if (!isJson(text)) return null;
  /** @type {string[]} */
  const parts = [];
  let depth = 0;
  let isFirst = false;
  const line = () => parts.push('\n', '  '.repeat(Math.min(depth, INDENT_MAX)));
  for (const [token] of text.matchAll(TOKEN)) {
    const isEnd = token === '}' || token === ']';
    if (isEnd) depth -= 1;
    if (isEnd !== isFirst) line();
    parts.push(token === ':' ? ': ' : token);
    isFirst = token === '{' || token === '[';
    if (isFirst) depth += 1;
    if (token === ',') line();
  }
  return parts.join('');
}

/** @param {string} text */
function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** `JSON.rawJSON` keeps a number as it was written, and `JSON.stringify` writes it so; browsers have it since 2024 or so. */
const RAW =
  /** @type {{ rawJSON?: (text: string) => { readonly rawJSON: string }, isRawJSON?: (value: unknown) => boolean }} */ (
    /** @type {unknown} */ (JSON)
  );

/** @param {unknown} value @returns {value is { readonly rawJSON: string }} */
export const isExact = (value) => RAW.isRawJSON?.(value) === true;

/** The number, or what stands for its text where a number would be another one. @param {string} source @returns {unknown} */
export function exactNumber(source) {
  const value = Number(source);
  const isKept = String(value) === source || RAW.rawJSON === undefined || !NUMBER.test(source);
  return isKept ? value : RAW.rawJSON?.(source);
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i;

/** As `JSON.parse`, and every number stays digit for digit until it is written again. @param {string} text @returns {ReturnType<typeof JSON.parse>} */
export function parseExactly(text) {
  /** @param {string} _name @param {unknown} value @param {{ source?: string }} [context] */
  const keep = (_name, value, context) =>
    typeof value === 'number' && context?.source !== undefined ? exactNumber(context.source) : value;
  return JSON.parse(text, keep);
}

/** Why the text cannot be sent as it stands; null where it can. @param {string} text @returns {string | null} */
export function jsonFault(text, hasExact = RAW.rawJSON !== undefined) {
  /** @type {string | null} */
  let rounded = null;
  /** @param {string} _name @param {unknown} value @param {{ source?: string }} [context] */
  const check = (_name, value, context) => {
    const source = typeof value === 'number' ? context?.source : undefined;
    if (source !== undefined && /^-?\d+$/.test(source) && !Number.isSafeInteger(value)) rounded = source;
    return value;
  };
  try {
    JSON.parse(text, check);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return rounded === null || hasExact
    ? null
    : `${rounded} has more digits than a browser keeps. Send it by curl or the command line.`;
}
