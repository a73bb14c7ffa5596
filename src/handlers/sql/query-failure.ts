/** Errors of a query as outcomes. DuckDB tells its errors apart by the beginning of their message and in no other way. */
import type { AttemptOutcome } from '../../engine/api.ts';
import { permanentFailure, retryableFailure } from '../failed.ts';
import { DataSetError } from './data-files.ts';
import type { QuerySetup } from './messages.ts';
import { QueryRefused } from './query-guard.ts';

export function failedQuery(error: unknown, setup: QuerySetup): AttemptOutcome {
  const { message, line } = readable(error, setup);
  const details = line === null ? null : { line };
  if (error instanceof QueryRefused) return permanentFailure('SQL_REFUSED', message);
  if (error instanceof DataSetError)
    return (error.isPassing ? retryableFailure : permanentFailure)('SQL_FAILED', message);
  if (message.startsWith('Permission Error')) return permanentFailure('SQL_REFUSED', message, details);
  if (message.startsWith('Out of Memory Error')) {
    const { memoryMib } = setup.settings;
    return permanentFailure(
      'SQL_FAILED',
      `The query needs more memory than its type allows (memoryMib is ${memoryMib}).`,
    );
  }
  // A file that is being replaced is there again a moment later; all else that DuckDB complains of stays as it is.
  const failed = message.startsWith('IO Error') ? retryableFailure : permanentFailure;
  return failed('SQL_FAILED', message, details);
}

/** The message without paths of the server, and the line of the query that it points at. */
function readable(error: unknown, setup: QuerySetup): { message: string; line: string | null } {
  let text = error instanceof Error ? error.message : String(error);
  for (const [name, source] of Object.entries(setup.settings.datasets)) {
    if (source.kind === 'file') text = text.replaceAll(source.path, name);
  }
  text = text.replaceAll(setup.cacheDir, 'cache');
  const [message = '', line] = text.split(/(?<!\n)\n+(?=LINE \d+:)/);
  return {
    message: message.trim().slice(0, setup.errorMessageLengthMax),
    line: line === undefined ? null : line.trimEnd().slice(0, 1_000),
  };
}
