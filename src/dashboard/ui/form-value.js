/**
 * Values of a form as they become JSON: fields write what somebody typed, and texts of JSON stay texts until the end, so that a half-written one
 * is no loss. What cannot be sent is said at the path of its field, as the server says its own.
 */

import { isExact, parseExactly } from './json-text.js';

/** @typedef {import('bide/client').SubmitBody['input']} Json */
/** @typedef {{ path: string, message: string }} Issue */

/** A text that is to be JSON. */
export class JsonText {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

/** @typedef {undefined | null | string | number | boolean | JsonText | readonly unknown[] | { readonly [name: string]: unknown }} FormValue */

/** What is undefined is left out. @param {unknown} value @returns {{ json: Json | undefined, issues: readonly Issue[] }} */
export function jsonOf(value) {
  /** @type {Issue[]} */
  const issues = [];
  const json = walk(value, '', issues);
  return { json, issues };
}

/** @param {unknown} value @param {string} path @param {Issue[]} issues @returns {Json | undefined} */
function walk(value, path, issues) {
  if (value instanceof JsonText) return parsed(value.text, path, issues);
  if (Array.isArray(value)) return value.map((item, index) => walk(item, `${path}/${index}`, issues) ?? null);
  if (typeof value === 'object' && value !== null && !isExact(value)) {
    const entries = Object.entries(value).map(([name, item]) => [name, walk(item, `${path}/${escaped(name)}`, issues)]);
    return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
  }
  return /** @type {Json | undefined} */ (value);
}

/** @param {string} text @param {string} path @param {Issue[]} issues @returns {Json | undefined} */
function parsed(text, path, issues) {
  if (text.trim() === '') return undefined;
  try {
    return parseExactly(text);
  } catch (error) {
    issues.push({ path, message: `is no JSON: ${error instanceof Error ? error.message : error}` });
    return undefined;
  }
}

/** A name within a JSON pointer. @param {string} name */
export const escaped = (name) => name.replaceAll('~', '~0').replaceAll('/', '~1');
