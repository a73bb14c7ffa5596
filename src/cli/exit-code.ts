/** The exit codes of every command, and which one an error means. Scripts depend on them: they never change meaning. */
import { ClientError } from '../client/index.ts';
import { BideError, ERRORS } from '../core/errors.ts';

export const EXIT = Object.freeze({
  succeeded: 0,
  /** The job failed, was cancelled or expired; the server refused the command; Bide itself could not go on. */
  unsuccessful: 1,
  /** The command line, the config, the key or the request is not valid: the same call can never succeed. */
  usage: 2,
  notFound: 3,
  timeout: 4,
  /** The server cannot be reached, or says that it cannot serve now. */
  unreachable: 5,
  /** The disk did not confirm a write, and the server ended itself. Worth a restart: the next start repairs the file. */
  unsafe: 6,
  /** ^C (or SIGTERM) before the end, as shells say it: 128 and the number of SIGINT. */
  interrupted: 130,
});
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** One line each, for `bide help`. */
export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.succeeded, 'succeeded'],
  [EXIT.unsuccessful, 'the job failed, was cancelled or expired; or the command was refused'],
  [EXIT.usage, 'usage: the command line, the config, the key or the request is not valid'],
  [EXIT.notFound, 'there is no such job or key'],
  [EXIT.timeout, 'the time ran out first; the job goes on'],
  [EXIT.unreachable, 'the server cannot be reached or cannot serve now'],
  [EXIT.unsafe, 'the disk did not confirm a write; the server ended, and the next start repairs its file'],
  [EXIT.interrupted, '^C before the end; a job that was waited for goes on'],
];

const USAGE_STATUSES: ReadonlySet<number> = new Set([400, 401, 403, 405, 413, 415, 422, 431]);
const NOT_FOUND_STATUSES: ReadonlySet<number> = new Set([404, 410]);

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof ClientError) return exitCodeOfAnswer(error);
  if (!(error instanceof BideError)) return EXIT.unsuccessful;
  if (error.code === 'STORE_UNSYNCED') return EXIT.unsafe;
  const { kind } = ERRORS[error.code];
  if (kind === 'not_found') return EXIT.notFound;
  return kind === 'invalid' ? EXIT.usage : EXIT.unsuccessful;
}

function exitCodeOfAnswer(error: ClientError): ExitCode {
  // A 404 of its own meaning: the job is there, and it ended without a result.
  if (error.code === 'RESULT_NONE') return EXIT.unsuccessful;
  if (error.code === 'BAD_URL') return EXIT.usage;
  // Whatever answered is no Bide, or none that could speak for itself.
  if (error.code === 'BAD_ANSWER') return EXIT.unreachable;
  // 429 is passing too, but the server is there and well: it is the caller who has too many jobs.
  if (error.status === 429) return EXIT.unsuccessful;
  if (error.isPassing || error.status === null) return EXIT.unreachable;
  if (NOT_FOUND_STATUSES.has(error.status)) return EXIT.notFound;
  return USAGE_STATUSES.has(error.status) ? EXIT.usage : EXIT.unsuccessful;
}
