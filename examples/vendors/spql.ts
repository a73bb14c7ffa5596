/**
 * A part of SPQL, enough for the searches that people write: comparisons (`=`, `!=`, `>`, `>=`, `<`, `<=`) of a field with a text, a number
 * or a list of them (any of them will do), `*` for any characters, joined by AND and OR with parentheses, NOT before them.
 *
 *   datasource = ["webscan"] AND scan_date >= "2025-01-01" AND (domain = "*.dev" OR license = ["MIT", "ISC"])
 */

export type Fields = Readonly<Record<string, string | number | null>>;
export type Filter = (row: Fields) => boolean;

const TOKEN = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(>=|<=|!=|[=<>()[\],])|([^\s"'=<>!()[\],]+))/y;
/** Parentheses within each other; a person writes three at most. */
const DEPTH_MAX = 50;

interface Token {
  readonly text: string;
  readonly isQuoted: boolean;
  readonly at: number;
}

/** The rows that a query finds; an Error that says where it cannot be read. */
export function spqlFilter(query: string): Filter {
  const reader = new Reader(query);
  const filter = reader.any(0);
  reader.end();
  return filter;
}

class Reader {
  readonly #query: string;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(query: string) {
    this.#query = query;
    this.#tokens = tokensOf(query);
  }

  any(depth: number): Filter {
    const filters = [this.#all(depth)];
    while (this.#takes('or')) filters.push(this.#all(depth));
    return (row) => filters.some((filter) => filter(row));
  }

  end(): void {
    if (this.#next < this.#tokens.length) throw this.#unreadable();
  }

  #all(depth: number): Filter {
    const filters = [this.#one(depth)];
    while (this.#takes('and')) filters.push(this.#one(depth));
    return (row) => filters.every((filter) => filter(row));
  }

  #one(depth: number): Filter {
    if (depth > DEPTH_MAX) throw this.#unreadable();
    if (this.#takes('not')) {
      const filter = this.#one(depth + 1);
      return (row) => !filter(row);
    }
    if (!this.#takes('(')) return this.#comparison();
    const inner = this.any(depth + 1);
    if (!this.#takes(')')) throw this.#unreadable();
    return inner;
  }

  #comparison(): Filter {
    const field = this.#word(/^[\w.]+$/);
    const operator = this.#word(/^(?:[=<>]|[!<>]=)$/);
    const values = this.#takes('[') ? this.#list() : [this.#value()];
    switch (operator) {
      case '=':
        return (row) => values.some((value) => isLike(row[field], value));
      case '!=':
        return (row) => !values.some((value) => isLike(row[field], value));
      default:
        return (row) => values.some((value) => isOrdered(compared(row[field], value), operator));
    }
  }

  #list(): string[] {
    const values = [this.#value()];
    while (this.#takes(',')) values.push(this.#value());
    if (!this.#takes(']')) throw this.#unreadable();
    return values;
  }

  #value(): string {
    const token = this.#tokens[this.#next];
    if (token === undefined || (!token.isQuoted && /^[=<>!()[\],]/.test(token.text))) throw this.#unreadable();
    this.#next += 1;
    return token.text;
  }

  #word(pattern: RegExp): string {
    const token = this.#tokens[this.#next];
    if (token === undefined || token.isQuoted || !pattern.test(token.text)) throw this.#unreadable();
    this.#next += 1;
    return token.text;
  }

  #takes(text: string): boolean {
    const token = this.#tokens[this.#next];
    if (token === undefined || token.isQuoted || token.text.toLowerCase() !== text) return false;
    this.#next += 1;
    return true;
  }

  #unreadable(): Error {
    return unreadable(this.#query, this.#tokens[this.#next]?.at ?? this.#query.length);
  }
}

function tokensOf(query: string): readonly Token[] {
  const tokens: Token[] = [];
  const text = query.trimEnd();
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) throw unreadable(text, at);
    const quoted = match[1] ?? match[2];
    const plain = match[3] ?? match[4] ?? '';
    tokens.push({ text: quoted?.replaceAll(/\\(.)/g, '$1') ?? plain, isQuoted: quoted !== undefined, at });
  }
  return tokens;
}

function unreadable(query: string, at: number): Error {
  const rest = query.slice(at).trim();
  return new Error(`This cannot be read as SPQL at ${rest === '' ? 'its end' : rest.slice(0, 80)}`);
}

/** Numbers as numbers, everything else as text, so that dates in ISO form are ordered. */
function compared(value: unknown, other: string): number {
  const [a, b] = [Number(value), Number(other)];
  if (value !== null && value !== '' && other !== '' && !Number.isNaN(a) && !Number.isNaN(b)) return a - b;
  const text = String(value ?? '');
  return text < other ? -1 : Number(text > other);
}

function isOrdered(order: number, operator: string): boolean {
  if (order === 0) return operator.endsWith('=');
  return operator.startsWith(order > 0 ? '>' : '<');
}

/** Whether a value is the pattern, in which `*` stands for any characters; case does not count. In linear time. */
export function isLike(value: unknown, pattern: string): boolean {
  const text = String(value ?? '').toLowerCase();
  const parts = pattern.toLowerCase().split('*');
  const [first = '', ...rest] = parts;
  if (rest.length === 0) return text === first;
  const last = rest.pop() ?? '';
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at + last.length <= text.length;
}
