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

/** Why the text cannot be sent as it stands; null where it can. @param {string} text @returns {string | null} */
export function jsonFault(text) {
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
  return rounded === null
    ? null
    : `${rounded} has more digits than a browser keeps. Send it by curl or the command line.`;
}
