/** How a command that failed says so: one line for people, one JSON document for programs, never a stack trace unless asked for one. */
import { inspect } from 'node:util';
import { ClientError } from '../client/index.ts';
import { BideError, ERRORS, type ErrorCode } from '../core/errors.ts';
import { type ExitCode, exitCodeOf } from './exit-code.ts';
import { printable } from './terminal/printable.ts';
import type { Terminal } from './terminal/terminal.ts';

export interface Telling {
  readonly isJson: boolean;
  /** `BIDE_DEBUG=1`: the whole error follows, with its stack and its causes. */
  readonly isDebug: boolean;
  readonly terminal: Terminal;
}

/** Says what went wrong on stderr and returns the exit code that means it. */
export function sayFailure(error: unknown, { isJson, isDebug, terminal }: Telling): ExitCode {
  const exitCode = exitCodeOf(error);
  if (isJson) terminal.note(JSON.stringify({ error: factsOf(error), exitCode }));
  else for (const line of linesOf(error)) terminal.note(line);
  if (isDebug) terminal.note(inspect(error, { depth: 5 }));
  return exitCode;
}

/** What else is to be said to whoever calls from a command line, by the code of a client's error. */
const CALLER_ADVICE: Readonly<Record<string, string>> = {
  BAD_ANSWER: 'Something else may listen there: --url or BIDE_URL names a Bide server.',
  BAD_URL: 'Write it in full in --url or BIDE_URL, as http://127.0.0.1:7070.',
  UNAUTHENTICATED:
    'It takes the key of --key, else of BIDE_KEY, else of admin.key in the data folder: that one is wrong, was revoked or has expired.',
  UNREACHABLE: 'Start the server there (`bide dev`, `bide serve`), or name another one with --url or BIDE_URL.',
};

function linesOf(error: unknown): readonly string[] {
  const lines = [`bide: ${printable(messageOf(error))}`];
  if (error instanceof ClientError) lines.push(...callerAdvice(error).map((advice) => `  ${advice}`));
  if (error instanceof BideError && !isTitle(error) && error.code !== 'USAGE') lines.push(`  ${adviceFor(error.code)}`);
  return [...lines, ...issuesOf(error)];
}

/** One that nobody was asked for has it in its message already. */
function callerAdvice({ code, cause }: ClientError): readonly string[] {
  if (code === 'UNREACHABLE' && cause === undefined) return [];
  return Object.hasOwn(CALLER_ADVICE, code) ? [CALLER_ADVICE[code] ?? ''] : [];
}

function messageOf(error: unknown): string {
  // The title says what the detail says again, unless the detail is the advice that goes with the title.
  if (error instanceof ClientError && error.detail !== null && error.detail !== adviceOf(error.code))
    return error.detail;
  if (error instanceof BideError && isTitle(error)) return `${error.message} ${adviceFor(error.code)}`;
  return error instanceof Error ? error.message || error.name : String(error);
}

const isTitle = (error: BideError) => error.message === ERRORS[error.code].title;

/** What a caller over HTTP is advised is none for whoever starts the server. */
function adviceFor(code: ErrorCode): string {
  if (code === 'STORE_UNAVAILABLE')
    return 'Data folder: check its disk, and that bide.db is a file. PostgreSQL: check that it runs, and its address in --database or BIDE_DATABASE.';
  if (code === 'INTERNAL') return 'BIDE_DEBUG=1 shows the whole error.';
  return ERRORS[code].advice;
}

function adviceOf(code: string): string | null {
  return Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode].advice : null;
}

/** The places that the server found wrong, and the words that it would have taken. */
function issuesOf(error: unknown): readonly string[] {
  if (!(error instanceof ClientError) && !(error instanceof BideError)) return [];
  const { errors, types, requestId } = error.details;
  const issues = (Array.isArray(errors) ? errors : []) as readonly {
    readonly path?: string;
    readonly message?: string;
  }[];
  return [
    ...issues.map(({ path, message }) => `  ${printable(`${path || '(the whole)'}: ${message}`)}`),
    ...(Array.isArray(types) ? [`  known types: ${printable(types.join(', '))}`] : []),
    ...(typeof requestId === 'string' ? [`  request id: ${printable(requestId)}`] : []),
  ];
}

function factsOf(error: unknown): Record<string, unknown> {
  const message = messageOf(error);
  if (error instanceof ClientError) {
    return { code: error.code, message, status: error.status, details: error.details };
  }
  if (error instanceof BideError) return { code: error.code, message, details: error.details };
  return { code: 'INTERNAL', message };
}
