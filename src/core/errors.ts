/**
 * Every error that Bide tells somebody about: a stable code, its kind, and what to do.
 *
 * Expected outcomes are values (see the unions of the engine and the store); a `BideError` is thrown for broken callers and
 * broken I/O. Faces (HTTP, dialects, CLI) translate kinds, never texts. `docs/reference/errors.md` is generated from this table.
 */

import { ATTEMPT_ERRORS } from './errors/attempt-errors.ts';
import type { ErrorDefinition, ErrorKind } from './errors/definition.ts';
import { FILE_ERRORS } from './errors/file-errors.ts';
import { GROUP_ERRORS } from './errors/group-errors.ts';
import { LIMIT_ERRORS } from './errors/limit-errors.ts';
import { SCHEDULE_ERRORS } from './errors/schedule-errors.ts';
import { WEBHOOK_ERRORS } from './errors/webhook-errors.ts';

export { ERROR_KINDS, type ErrorDefinition, type ErrorKind } from './errors/definition.ts';

export const ERRORS = Object.freeze({
  // Requests.
  MALFORMED_JSON: {
    kind: 'invalid',
    title: 'The body is not JSON.',
    advice: 'Send one JSON value, UTF-8, with Content-Type: application/json.',
  },
  NUMBER_INEXACT: {
    kind: 'invalid',
    title: 'A number in the body would come out changed: a double cannot hold it.',
    advice: 'Send the numbers named in `errors` as texts, in quotes.',
  },
  INVALID_REQUEST: {
    kind: 'invalid',
    title: 'The request does not have the expected form.',
    advice: 'Correct the fields named in `errors`; /docs shows the form.',
  },
  INVALID_CURSOR: {
    kind: 'invalid',
    title: 'The cursor is not one that this list gave out.',
    advice: 'Start the list again without a cursor.',
  },
  PARENT_UNKNOWN: {
    kind: 'unprocessable',
    title: 'A job named in `after` is not there.',
    advice: 'Name jobs of your tenant that have been submitted and not been removed; `id` is the one that is missing.',
  },
  CONFIRM_ALL: {
    kind: 'invalid',
    title: 'The filter leaves no job out.',
    advice: 'Narrow it, or send `"confirm": "all"` if all are meant; `"dryRun": true` says how many they are.',
  },
  UNAUTHENTICATED: {
    kind: 'unauthorized',
    title: 'No valid API key came with the request.',
    advice: 'Send Authorization: Bearer KEY or X-API-Key: KEY; `bide keys create` makes a key.',
  },
  SCOPE_MISSING: {
    kind: 'forbidden',
    title: 'The API key may not do this.',
    advice: 'Use a key with the scope named in `scope`; `bide keys list` shows scopes.',
  },
  JOB_TOKEN_ELSEWHERE: {
    kind: 'forbidden',
    title: 'A token of a job does not do here.',
    advice:
      'It reads its one job: GET /v1/jobs/{id}, and result, events, logs and output below it. For all else send a key.',
  },
  CSRF_MISSING: {
    kind: 'forbidden',
    title: 'A change by a session needs the word of its page.',
    advice: 'Programs send an API key. A page of the dashboard sends x-bide-csrf; load it anew.',
  },
  ROUTE_NOT_FOUND: { kind: 'not_found', title: 'There is nothing at this path.', advice: 'See /docs for the paths.' },
  METHOD_NOT_ALLOWED: {
    kind: 'method',
    title: 'This path does not take this method.',
    advice: 'Use one of the methods in the Allow header.',
  },
  BODY_TOO_LARGE: {
    kind: 'too_large',
    title: 'The body is larger than the limit.',
    advice: 'Send less, or raise the limit named in `limit`.',
  },
  HEADERS_TOO_LARGE: {
    kind: 'headers_too_large',
    title: 'The headers are larger than the limit.',
    advice: 'Send fewer or shorter headers (cookies are the usual cause) and a shorter URL, or raise headerBytesMax.',
  },
  REQUEST_TOO_SLOW: {
    kind: 'too_slow',
    title: 'The request took too long to arrive.',
    advice: 'Send it again over a new connection; headerTimeoutMs and requestTimeoutMs are the limits.',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    kind: 'media_type',
    title: 'The body has a content type that is not taken here.',
    advice: 'Send application/json.',
  },
  RANGE_NOT_SATISFIABLE: {
    kind: 'invalid',
    title: 'The requested range lies outside of the result.',
    advice: 'Ask for bytes below the size given in Content-Range.',
  },
  TOO_MANY_HOLDS: {
    kind: 'busy',
    title: 'Too many requests are being held open.',
    advice: 'Poll without wait, and try again after Retry-After.',
  },
  POLLED_TOO_OFTEN: {
    kind: 'quota',
    title: 'The key looks at unfinished jobs too often.',
    advice: 'Look again when Retry-After says, or hold the request with a wait in place of asking again.',
  },
  TOO_MANY_UPLOADS: {
    kind: 'busy',
    title: 'Too many uploads are under way.',
    advice: 'Send this one again after Retry-After, when another has ended.',
  },
  TOO_MANY_ANSWERS: {
    kind: 'busy',
    title: 'Too much of earlier answers is still unread.',
    advice: 'Read the answers that are under way, or close their connections, and try again after Retry-After.',
  },
  ANSWER_TOO_LARGE: {
    kind: 'too_large',
    title: 'The answer would be larger than the limit.',
    advice: 'Ask for fewer jobs at once; a single one is always answered.',
  },
  // Jobs.
  JOB_NOT_FOUND: {
    kind: 'not_found',
    title: 'There is no job with this id.',
    advice: 'Check the id and the key: jobs of other tenants do not show.',
  },
  JOB_GONE: {
    kind: 'gone',
    title: 'The job was removed: its retention is over, or somebody deleted it.',
    advice: 'Submit it again, with a longer retainMs if the result is needed for longer.',
  },
  RESULT_NOT_READY: {
    kind: 'conflict',
    title: 'The job has no result yet.',
    advice: 'Wait for the job to succeed, then fetch the result.',
  },
  RESULT_NONE: {
    kind: 'not_found',
    title: 'The job ended without a result.',
    advice: 'Read the status of the job; `error` says why.',
  },
  REVISION_OLD: {
    kind: 'conflict',
    title: 'The job has changed since the revision in If-Match.',
    advice: 'Read the job again, and send its ETag if the change is still wanted.',
  },
  WRONG_STATE: {
    kind: 'conflict',
    title: 'The job is in a state in which this cannot be done.',
    advice: 'Read the job; `state` says where it stands.',
  },
  PARENTS_TOO_LARGE: {
    kind: 'too_large',
    title: 'The results of the parents are too large to be given at once.',
    advice:
      'Let parents return the place where the data is, come after fewer of them, or raise parentsBytesMax in the config.',
  },
  JOB_PARKED: {
    kind: 'conflict',
    title: 'The job waits for a signal, and its runAt is the end of that wait.',
    advice:
      'Send the signal with POST /v1/jobs/{id}/signals/{name}, or cancel the job; priority, tags and deadlineAt can be changed.',
  },
  FENCE_OLD: {
    kind: 'conflict',
    title: 'The job was taken over by another worker.',
    advice: 'Drop the work: whatever this worker still reports is not taken.',
  },
  TYPE_UNKNOWN: {
    kind: 'unprocessable',
    title: 'There is no job type with this name.',
    advice: 'Use one of the types named in `types`, or add it to the config.',
  },
  TYPE_NOT_FOUND: {
    kind: 'not_found',
    title: 'The path names no job type that there is.',
    advice: 'Use one of the types named in `types`, or add it to the config.',
  },
  TYPE_NOT_REMOTE: {
    kind: 'unprocessable',
    title: 'Jobs of this type are run by the server itself.',
    advice: 'Claim only types whose handler is remote.',
  },
  INPUT_INVALID: {
    kind: 'unprocessable',
    title: 'The input does not fit the schema of its type.',
    advice: 'Correct the fields at the paths named in `errors`.',
  },
  SIGNALS_FULL: {
    kind: 'conflict',
    title: 'The job has been sent as many signals as it may have.',
    advice: 'Send a signal under one of its names again, or raise signalsPerJobMax.',
  },
  UNIQUE_HELD: {
    kind: 'conflict',
    title: 'Another job holds this unique key.',
    advice: 'Wait for the job named in `jobId`, or submit with the mode existing, replace, debounce or rerun.',
  },
  IDEMPOTENCY_MISMATCH: {
    kind: 'unprocessable',
    title: 'The idempotency key was used for a different request.',
    advice: 'Use a new key for a new request, or send the same request again.',
  },
  QUOTA_EXCEEDED: {
    kind: 'quota',
    title: 'The tenant has no room for another job.',
    advice: 'Wait for jobs to finish, or remove finished ones, and try again after Retry-After.',
  },
  TOO_MANY_DOCUMENTS: {
    kind: 'quota',
    title: 'The tenant has too much stored beside its jobs.',
    advice:
      'Delete conversations, saved queries or data sets that are no longer needed, or raise the limit named in `limit`.',
  },
  RESULT_TOO_LARGE: {
    kind: 'too_large',
    title: 'The result is larger than the limit.',
    advice: 'Return less, keep large data elsewhere and return its address, or raise the limit named in `limit`.',
  },
  OUTPUT_TOO_LARGE: {
    kind: 'too_large',
    title: 'The output is larger than the limit.',
    advice:
      'Emit less or smaller chunks, keep large data elsewhere and emit its address, or raise the limit named in `limit`.',
  },
  CHANGED_MEANWHILE: { kind: 'busy', title: 'It kept changing while it was being changed.', advice: 'Try again.' },
  KEY_NOT_FOUND: {
    kind: 'not_found',
    title: 'There is no API key with this id in force.',
    advice: 'See the list of keys; a revoked one stays revoked.',
  },
  ...WEBHOOK_ERRORS,
  ...GROUP_ERRORS,
  ...FILE_ERRORS,
  ...LIMIT_ERRORS,
  ...SCHEDULE_ERRORS,
  ...ATTEMPT_ERRORS,
  // Service.
  SHUTTING_DOWN: { kind: 'unavailable', title: 'The server is shutting down.', advice: 'Try again after Retry-After.' },
  OVERLOADED: {
    kind: 'busy',
    title: 'More work is waiting for the store than it can take.',
    advice: 'Try again after Retry-After.',
  },
  STORE_UNAVAILABLE: {
    kind: 'unavailable',
    title: 'The database cannot be reached.',
    advice: 'Try again after Retry-After; /readyz tells when it is back.',
  },
  STORE_FULL: {
    kind: 'unavailable',
    title: 'The disk of the database is full.',
    advice: 'Free some space; nothing acknowledged was lost.',
  },
  STORE_UNSYNCED: {
    kind: 'unavailable',
    title: 'The disk did not confirm what was written to the database.',
    advice:
      'Check the disk, then start Bide again: everything acknowledged is in the log beside the file and is copied anew.',
  },
  STORE_READ_ONLY: {
    kind: 'unavailable',
    title: 'The database takes no writes.',
    advice:
      'Data folder: give the user that runs Bide write permission on it. PostgreSQL: name the primary, or all hosts; docs/operations/operating.md has a page on failover.',
  },
  SCHEMA_MISMATCH: {
    kind: 'unavailable',
    title: 'The tables of the database are those of another build of Bide.',
    advice:
      'Until the first release tables change without conversion. Export with the build that made them and import here, or begin with a new folder or schema.',
  },
  STORE_UNFIT: {
    kind: 'unavailable',
    title: 'The database is not set up for Bide.',
    advice: 'The message says what to change in the database; waiting does not help.',
  },
  STORE_DAMAGED: {
    kind: 'unavailable',
    title: 'The database file is damaged or not a database of Bide.',
    advice: 'Stop Bide, keep the file, and restore the newest backup; docs/operations/operating.md says how.',
  },
  STORE_FOREIGN: {
    kind: 'unavailable',
    title: 'The database file belongs to another program.',
    advice: 'Choose another folder with --data, or move the file away; Bide has left it as it was.',
  },
  STORE_EMPTIED: {
    kind: 'unavailable',
    title: 'The database file is empty, although the folder has been used.',
    advice:
      'Restore the newest backup of bide.db, or put an archive in with `bide import`. To begin anew instead, move it and the files that are named here out of the folder.',
  },
  STORE_MISSING: {
    kind: 'unavailable',
    title: 'The database file is missing, although the folder has been used.',
    advice:
      'Restore the newest backup of bide.db, or put an archive in with `bide import`. Where the jobs are in PostgreSQL, name it with --database. To begin anew instead, move the files that are named here out of the folder.',
  },
  LOCK_FILE_FOREIGN: {
    kind: 'unavailable',
    title: 'The lock file of the data folder is not one of Bide.',
    advice: 'Make sure that no Bide runs on the folder, then delete bide.lock: it never holds anything.',
  },
  STORE_LOCKED: {
    kind: 'unavailable',
    title: 'Another process has this data folder open.',
    advice: 'Stop the other process, use another folder with --data, or use PostgreSQL for several processes.',
  },
  SCHEMA_NEWER: {
    kind: 'unavailable',
    title: 'The database was written by a newer version of Bide.',
    advice: 'Run that version or a newer one; an older one would damage the data.',
  },
  ARCHIVE_INVALID: {
    kind: 'invalid',
    title: 'The archive is damaged, cut off, or not one that this version reads.',
    advice: 'Fetch the whole of it, or make it anew with `bide export`.',
  },
  IMPORT_REFUSED: {
    kind: 'conflict',
    title: 'The store has something that is in the way of the import.',
    advice: 'Import into an empty store; --continue goes on with an import of the same archive that was interrupted.',
  },
  EXPORT_UNFINISHED: {
    kind: 'unavailable',
    title: 'The archive could not be written to its end.',
    advice: 'Throw away what there is of it, and export again.',
  },
  PORT_TAKEN: {
    kind: 'unavailable',
    title: 'Another process listens on this port.',
    advice: 'Stop that process, or choose another port with --port; 0 takes a free one.',
  },
  CONFIG_INVALID: {
    kind: 'invalid',
    title: 'The config is not valid.',
    advice:
      'Change the config at the place that the message names; docs/features/handlers.md has the options of each kind of type.',
  },
  USAGE: { kind: 'invalid', title: 'The command line was not understood.', advice: 'See `bide help`.' },
  INTERNAL: {
    kind: 'internal',
    title: 'Something went wrong inside Bide.',
    advice: 'The log has the cause under the request id.',
  },
} satisfies Record<string, ErrorDefinition>);

export type ErrorCode = keyof typeof ERRORS;

/** Facts that go with an error: shown to the caller, so never secrets, causes or stack traces. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

export class BideError extends Error {
  override readonly name = 'BideError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  /** @param detail one sentence about this very case; the title of the code when left out. */
  constructor(code: ErrorCode, detail?: string, details: ErrorDetails = {}, options?: { readonly cause?: unknown }) {
    super(detail ?? ERRORS[code].title, options);
    this.code = code;
    this.details = details;
  }

  get kind(): ErrorKind {
    return ERRORS[this.code].kind;
  }
}
