/** What the engine offers of batches of files: a file whose lines become jobs, and files of what became of them. */
import type { Actor } from '../../core/deed.ts';
import type { BideError } from '../../core/errors.ts';
import type { FileBatch, FileBatchState, LineCounts, LineIssue } from '../../core/file-batches/file-batch.ts';
import type { Json } from '../../core/job.ts';

export interface FileBatchDraft {
  readonly tenant: string;
  readonly dialect: string;
  /** What the dialect keeps of the request, and is given with every line. */
  readonly options: Json;
  /** FILE_NOT_FOUND where the tenant has no file with this id. */
  readonly file: string;
  /** Every line has to end in this time. */
  readonly windowMs: number;
  /** How long the files of output are kept; the limit `fileRetainMs` unless told. */
  readonly retainMs?: number | undefined;
}

export interface FileBatchView extends FileBatch {
  readonly id: string;
  readonly tenant: string;
  readonly createdAt: number;
  readonly state: FileBatchState;
  /** As they are now, also before it is over. */
  readonly counts: LineCounts;
}

/** @param Words see `LineWordsOf` */
export interface FileBatches<Words> {
  create(draft: FileBatchDraft): Promise<FileBatchView>;
  read(tenant: string, id: string): Promise<FileBatchView | null>;
  /** Newest first, behind the one with the id `after`, there or not. */
  list(request: {
    readonly tenant: string;
    readonly dialect: string;
    readonly after?: string;
    readonly limit: number;
  }): Promise<readonly FileBatchView[]>;
  /** Null where there is none; FILE_BATCH_OVER where it has ended. One that is being cancelled already is answered as it is. */
  cancel(tenant: string, id: string, by: Actor): Promise<FileBatchView | null>;
  /** How this dialect says lines. A process that was not told leaves its batches to others. */
  speak(dialect: string, words: Words): void;
}

/** One line of a file, as its dialect reads it. */
export type LineOf<Request> =
  | { readonly kind: 'job'; readonly key: string; readonly request: Request }
  | { readonly kind: 'issue'; readonly issue: IssueSaid };

/** Why a line has no job, or none any more. */
export type NoJob = 'expired' | 'cancelled' | 'failed' | 'removed';

/** What can be wrong with a file that its dialect cannot see in a line. `about` says what exceeds which bound, or whose key it is. */
export type FileProblem = 'empty' | 'gone' | 'tooManyLines' | 'lineTooLong' | 'keyTwice' | 'closed';

export type IssueSaid = Omit<LineIssue, 'line'>;

/**
 * What a dialect makes of lines, on their way in and out. Total: it rejects only where the store does.
 * @param Request a submit, for the tenant of the batch: `MemberRequest`
 * @param Shot a `Snapshot`
 */
export interface LineWordsOf<Request, Shot> {
  /** The job of a line, and a key that names the line for its owner. */
  read(text: string, batch: FileBatch): LineOf<Request>;
  problem(kind: FileProblem, about: string): IssueSaid;
  /** What is said where the engine refuses the request of a line. */
  refusal(error: BideError): IssueSaid;
  /** What the line of output says of a job that has ended. */
  write(batch: FileBatch, snapshot: Shot): Promise<OutputLine>;
  /** The line of the error file for a line without a job. */
  missing(text: string, why: NoJob, id: string): string;
  /** Of the files that are written at the end. */
  fileName(id: string, kind: OutputKind): string;
  readonly outputPurpose: string;
}

export type OutputKind = 'output' | 'error';

export interface OutputLine {
  readonly isError: boolean;
  /** JSON, without a line break. */
  readonly text: string;
}
