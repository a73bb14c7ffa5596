/**
 * Copies the log (`bide.db-wal`) back into `bide.db`, between transactions and never inside of one.
 *
 * SQLite does that by itself inside a commit, and ignores what goes wrong there. After a failed sync the kernel takes the pages
 * for written, the next sync succeeds, SQLite starts the log from its beginning, and what only the log held is gone: two of
 * three modelled runs ended with a damaged file. So here:
 *
 * 1. Only this starts a checkpoint (`wal_autocheckpoint = 0`), after the answers of a lot have left.
 * 2. A checkpoint whose sync fails throws STORE_UNSYNCED. Whoever calls it writes nothing any more and never closes the connection, for a
 *    close is one more checkpoint. The next start finds the whole log and copies all of it again.
 * 3. A checkpoint that could not write (a full disk, a lock of another program) has taken nothing from the log: it is tried again
 *    after another `AGAIN_FRAMES` frames, and the log grows meanwhile.
 */
import { BideError } from '../../core/errors.ts';
import type { Connection } from './connection.ts';

export interface Checkpoints {
  /** Outside of a transaction: copies the log back when it is long enough. Throws STORE_UNSYNCED once the disk cannot be trusted. */
  runIfDue(): void;
  /** The same whatever the length of the log. */
  run(): void;
}

/** 16 MB of log: a page that many transactions change is copied back once, not every 4 MB. */
const FRAMES = 4_000;
/** Behind a long reader (a dump) or a full disk nothing comes of a checkpoint: it is not tried at every commit. */
const AGAIN_FRAMES = 1_000;

/** Of the codes of SQLite those that leave the log as good as it was: FULL, BUSY, LOCKED, READONLY, and the write that was refused. */
const HARMLESS_RESULTS: ReadonlySet<number> = new Set([5, 6, 8, 13]);
const IOERR_WRITE = 778;

export function createCheckpoints(connection: Connection, subject: string): Checkpoints {
  let dueAt = FRAMES;

  function runIfDue(): void {
    const frames = framesOf(connection, 'NOOP').inLog;
    // The log has begun anew since the last look.
    if (frames < FRAMES) dueAt = FRAMES;
    if (frames < dueAt) return;
    dueAt = frames + AGAIN_FRAMES;
    run();
  }

  function run(): void {
    try {
      const { inLog, copied } = framesOf(connection, 'PASSIVE');
      if (copied >= inLog) dueAt = FRAMES;
    } catch (error) {
      if (!isHarmless(error)) throw unsynced(subject, error);
    }
  }

  return { runIfDue, run };
}

/** NOOP only counts (8 µs); SQLite before 3.51 takes it for PASSIVE, which is more work and as right. */
function framesOf(
  connection: Connection,
  mode: 'NOOP' | 'PASSIVE',
): { readonly inLog: number; readonly copied: number } {
  const row = connection.prepareOnce(`PRAGMA wal_checkpoint(${mode})`).all()[0] ?? [];
  return { inLog: Number(row[1]), copied: Number(row[2]) };
}

function isHarmless(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return false;
  return error.errcode === IOERR_WRITE || HARMLESS_RESULTS.has(error.errcode & 0xff);
}

function unsynced(subject: string, cause: unknown): BideError {
  const message = `The disk did not confirm what was written to ${subject}; nothing is written to it any more.`;
  return new BideError('STORE_UNSYNCED', message, {}, { cause });
}
