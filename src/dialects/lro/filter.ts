/**
 * The filter of a list, in the part of AIP-160 that indexes answer: `done=false AND metadata.type="report" AND metadata.state=RUNNING`.
 *
 * Pure. Each field at most once; `=` and `:` mean the same, since every one of them is a single word.
 */
import { BideError } from '../../core/errors.ts';
import { FINAL_STATES, SHOWN_STATES, type ShownState } from '../../core/state.ts';

export interface OperationFilter {
  readonly types?: readonly string[];
  readonly states?: readonly ShownState[];
}

const LENGTH_MAX = 1_000;
const FIELDS = ['done', 'metadata.type', 'metadata.state'] as const;
type Field = (typeof FIELDS)[number];
/** A text in quotes, an operator, or a word. */
const TOKENS = /"[^"]*"|[=:]|[^\s=:"]+/g;

export function filterOf(text: string): OperationFilter {
  const fields = fieldsIn(text);
  const type = fields.get('metadata.type');
  const states = statesOf(fields.get('done'), fields.get('metadata.state'));
  return { ...(type === undefined ? {} : { types: [type] }), ...(states === null ? {} : { states }) };
}

function fieldsIn(text: string): ReadonlyMap<Field, string> {
  if (text.length > LENGTH_MAX) throw refused(`may have at most ${LENGTH_MAX} characters`);
  const tokens = text.match(TOKENS) ?? [];
  if (tokens.join('').length !== text.replaceAll(/\s/g, '').length + spacesIn(tokens)) throw refused(FORM);
  const fields = new Map<Field, string>();
  for (let at = 0; at < tokens.length; at += 4) {
    const [name = '', operator = '', value = '', and = 'AND'] = tokens.slice(at, at + 4);
    if (!isField(name)) throw refused(`knows ${FIELDS.join(', ')}, not ${name.slice(0, 50)}`);
    if (!isOperator(operator) || value === '' || isOperator(value) || and !== 'AND') throw refused(FORM);
    if (at + 4 === tokens.length && tokens.length % 4 === 0) throw refused(FORM);
    if (fields.has(name)) throw refused(`names ${name} twice`);
    fields.set(name, value.startsWith('"') ? value.slice(1, -1) : value);
  }
  return fields;
}

const FORM = 'must be written like done=false AND metadata.type="report"';

/** Those inside of quotes, which are kept. */
function spacesIn(tokens: readonly string[]): number {
  return tokens.reduce((sum, token) => sum + (token.match(/\s/g)?.length ?? 0), 0);
}

function isOperator(token: string): boolean {
  return token === '=' || token === ':';
}

function isField(name: string): name is Field {
  return (FIELDS as readonly string[]).includes(name);
}

/** Null for all of them. */
function statesOf(done: string | undefined, state: string | undefined): readonly ShownState[] | null {
  if (done !== undefined && done !== 'true' && done !== 'false') throw refused('must say done=true or done=false');
  const named = SHOWN_STATES.filter((one) => state === undefined || one === state.toLowerCase());
  if (named.length === 0) throw refused(`must name a state: ${SHOWN_STATES.join(', ').toUpperCase()}`);
  if (done === undefined && state === undefined) return null;
  return named.filter((one) => done === undefined || isFinalWord(one) === (done === 'true'));
}

function isFinalWord(word: ShownState): boolean {
  return (FINAL_STATES as readonly string[]).includes(word);
}

function refused(what: string): BideError {
  return new BideError('INVALID_REQUEST', `filter ${what}.`);
}
