/** Lines of jobs' logs: appended under the fence of the attempt that says them, cut in the middle where there are too many, and read by position. */
import { jobIdOf } from '../../core/id.ts';
import { leftOutLine } from '../../core/log-line.ts';
import type { LogAppend, LogFilter, LogLine, LogOutcome } from '../contract.ts';
import { cutAt, headBytes, logEntryBytes, logLevelNumber, logLevelOf } from '../log-room.ts';
import type { Row } from './connection/lane.ts';
import { repeated } from './connection/repeat.ts';
import type { Session } from './connection/session.ts';
import { jobRoundsOf, type Placed, placedAt } from './rounds.ts';
import { textOf } from './rows.ts';
import { givenText, plainArray, storedText, storedTextArray } from './wire-text.ts';

/** After a lost answer the lines may be there twice: nothing tells them from those that were said twice. */
export async function appendLogs(session: Session, batch: readonly LogAppend[]): Promise<readonly LogOutcome[]> {
  const outcomes = new Array<LogOutcome>(batch.length).fill('lost');
  const rounds = jobRoundsOf(batch);
  if (rounds.length === 0) return outcomes;
  const steps = rounds.flatMap((round) => {
    const held = [plainArray(round.map(({ item }) => item.id)), plainArray(round.map(({ item }) => item.fence))];
    const lines = round.map(({ item }) => linesOf(item));
    const values = [storedTextArray(lines.map(({ text }) => text)), plainArray(lines.map(({ bytes }) => bytes))];
    return [
      { name: 'logLock' as const, values: held },
      { name: 'logAppend' as const, values: [...held, ...values] },
    ];
  });
  const results = (await repeated(() => session.runAll(steps))).filter((_, at) => at % 2 === 1);
  for (const [at, rows] of results.entries()) {
    for (const [ord, number, end] of rows) {
      const placed: Placed<LogAppend> = placedAt(rounds, at, ord);
      outcomes[placed.index] = 'written';
      if ((end as number) > placed.item.bytesMax)
        await cutMiddle(session, number as number, end as number, placed.item);
    }
  }
  return outcomes;
}

/** As `logAppend` reads them: the bytes up to the end of each, its time, level, line and fields. */
function linesOf({ entries }: LogAppend): { readonly text: string; readonly bytes: number } {
  let bytes = 0;
  const rows = entries.map((entry) => {
    const line = storedText(entry.line.toWellFormed());
    const fields = entry.fields === null ? null : storedText(entry.fields);
    // As they are stored, which is what a removal finds.
    bytes += logEntryBytes({ line, fields });
    return [bytes, entry.at, logLevelNumber(entry.level), line, fields];
  });
  return { text: JSON.stringify(rows), bytes };
}

/**
 * A step of its own, seldom taken. Should it fail, the log is too long until the next line. Only while the attempt still has the job, whose
 * row is locked meanwhile: a removal beside it would not see the line that comes in place of what was cut, and leave it behind.
 */
async function cutMiddle(
  session: Session,
  number: number,
  end: number,
  { id, fence, bytesMax, entries }: LogAppend,
): Promise<void> {
  try {
    const head = headBytes(bytesMax);
    const [position = null, attempt = null, headEnd = null] = (await session.run('logEdge', [number, head]))[0] ?? [];
    const upTo = cutAt(end, bytesMax, attempt === 0 ? (position as number) : null);
    const last = upTo === null ? null : (await session.run('logLastUpTo', [number, upTo]))[0]?.[0];
    if (upTo === null || typeof last !== 'number' || last <= head) return;
    const line = leftOutLine(last - ((headEnd as number | null) ?? 0), bytesMax);
    await session.runAll([
      { name: 'logLock', values: [plainArray([id]), plainArray([fence])] },
      { name: 'logCut', values: [number, head, upTo, line, entries.at(-1)?.at ?? 0, last, fence] },
    ]);
  } catch {
    // The lines themselves are stored: whoever appended them must not do it again.
  }
}

export async function readLogs(session: Session, filter: LogFilter): Promise<readonly LogLine[]> {
  const { id, after, attempt = null, levelMin, limit } = filter;
  if (jobIdOf(id) !== id) return [];
  const level = levelMin === undefined ? 0 : logLevelNumber(levelMin);
  return (await repeated(() => session.run('logRead', [id, after, level, attempt, limit]))).map(logLineOf);
}

export function logLineOf([position, attempt, at, level, line, fields]: Row): LogLine {
  return {
    offset: position as number,
    attempt: attempt as number,
    at: at as number,
    level: logLevelOf(level as number),
    line: givenText(line as string),
    fields: textOf(fields as string | null),
  };
}
