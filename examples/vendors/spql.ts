/**
 * A small part of SPQL: terms `field = "value"` and `field != "value"`, joined by AND, with `*` standing for anything.
 *
 * The vendor's language has much more; this much finds rows in a table that fits into memory.
 */

export interface SpqlTerm {
  readonly field: string;
  readonly isEqual: boolean;
  readonly value: string;
}

const TERM = /^\s*([\w.]+)\s*(!?=)\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s"']+))\s*(?:and\b|$)/i;

/** The terms of a query; an Error that says where it cannot be read. */
export function spqlTerms(query: string): readonly SpqlTerm[] {
  const terms: SpqlTerm[] = [];
  let rest = query.trim();
  while (rest !== '') {
    const match = TERM.exec(rest);
    const [whole, field, operator] = match ?? [];
    if (whole === undefined || field === undefined)
      throw new Error(`This cannot be read as SPQL: ${rest.slice(0, 80)}`);
    const value = (match?.[3] ?? match?.[4] ?? match?.[5] ?? '').replaceAll(/\\(.)/g, '$1');
    terms.push({ field, isEqual: operator === '=', value });
    rest = rest.slice(whole.length).trimStart();
  }
  return terms;
}

/** Whether a value is the pattern, in which `*` stands for any characters; case does not count. */
export function isLike(value: unknown, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'is').test(String(value ?? ''));
}
