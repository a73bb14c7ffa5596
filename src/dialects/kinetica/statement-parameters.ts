/** Parameters of a statement, as `query_parameters` carries them: the text of a JSON list, for `?`, `:1` or `$1` in the statement. */
import { BideError } from '../../core/errors.ts';
import { requireExactNumbers } from '../../core/exact-numbers.ts';
import type { Json } from '../../core/job.ts';
import type { StringMap } from './wire.ts';

/** Undefined where there are none; some clients say so with the text `null`. */
export function parametersOf(options: StringMap): readonly Json[] | undefined {
  const given = parsed(options.query_parameters ?? '');
  if (given === null) return undefined;
  if (!Array.isArray(given)) throw notAList();
  const values = given.length > 0 && given.every(Array.isArray) ? rowOf(given) : given;
  if (!values.every(isScalar)) throw notAList();
  return values.length === 0 ? undefined : values;
}

/**
 * The statement with `:1` spelled as `$1`, which is the only one of the two that the engine knows. What is quoted or commented out
 * stays, and so do casts (`::int`), slices (`a[1:2]`) and members (`{'a':1}`).
 */
export function withNumberedPlaceholders(statement: string): string {
  const parts: string[] = [];
  let from = 0;
  PIECE.lastIndex = 0;
  for (let piece = PIECE.exec(statement); piece !== null; piece = PIECE.exec(statement)) {
    const closer = CLOSERS[piece[0]];
    if (closer !== undefined) {
      const end = statement.indexOf(closer, PIECE.lastIndex);
      if (end === -1) break;
      PIECE.lastIndex = end + closer.length;
    } else if (!NO_PLACEHOLDER_AFTER.test(statement.charAt(piece.index - 1))) {
      parts.push(statement.slice(from, piece.index), '$');
      from = piece.index + 1;
    }
  }
  return parts.join('') + statement.slice(from);
}

/** A placeholder, or what begins a part in which none is meant, and what ends that. */
const PIECE = /:\d+|'|"|--|\/\*|\$\$/g;
const CLOSERS: Readonly<Record<string, string>> = { "'": "'", '"': '"', '--': '\n', '/*': '*/', $$: '$$' };
const NO_PLACEHOLDER_AFTER = /[\w"')\]:]/;

/** Clients that insert many rows send a list per row; a query has one. */
function rowOf(rows: readonly (readonly Json[])[]): readonly Json[] {
  const [row, ...others] = rows;
  if (row === undefined || others.length > 0) {
    throw new BideError(
      'INVALID_REQUEST',
      `query_parameters has ${rows.length} rows; a query takes the values of one.`,
    );
  }
  return row;
}

function parsed(text: string): Json {
  if (text.trim() === '') return null;
  const value = parsedJson(text);
  requireExactNumbers(text);
  return value;
}

function parsedJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw notAList();
  }
}

function isScalar(value: Json): boolean {
  return value === null || typeof value !== 'object';
}

function notAList(): BideError {
  const message = 'query_parameters must be the text of a JSON list of numbers, texts, true, false and null.';
  return new BideError('INVALID_REQUEST', message);
}
