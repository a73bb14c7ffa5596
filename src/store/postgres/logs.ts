/** What jobs say: lines are appended under the fence of the attempt that says them and read by position; a log is cut in its middle, output is refused where it is too long. */
import { jobIdOf } from '../../core/id.ts';
import { leftOutLine } from '../../core/log-line.ts';
import type { LogAppend, LogFilter, LogLine, LogOutcome } from '../contract.ts';
import { cutAt, headBytes, logEntryBytes, logLevelNumber, logLevelOf, streamNumber, streamOf } from '../log-room.ts';
import type { Row } from './connection/lane.ts';
import { repeated } from './connection/repeat.ts';
import type { Session, Step } from './connection/session.ts';
import { jobRoundsOf, type Placed, placedAt } from './rounds.ts';
import { textOf } from './rows.ts';
import { givenText, plainArray, storedText, storedTextArray } from './wire-text.ts';

/** After a lost answer the lines may be there twice: nothing tells them from those that were said twice. */
export async function appendLogs(session: Session, batch: readonly LogAppend[]): Promise<readonly LogOutcome[]> {
  const outcomes = new Array<LogOutcome>(batch.length).fill('lost');
  const rounds = jobRoundsOf(batch);
  if (rounds.length === 0) return outcomes;
  const steps = rounds.flatMap((round) => stepsOf(round.map(({ item }) => item)));
  const results = (await repeated(() => session.runAll(steps))).filter((_, at) => at % 2 === 1);
  for (const [at, rows] of results.entries()) {
    for (const [ord, number, end, fits] of rows) {
      const { index, item }: Placed<LogAppend> = placedAt(rounds, at, ord);
      if (fits !== true) outcomes[index] = await appendAlone(session, number as number, item);
      else outcomes[index] = 'written';
      if (item.stream === 'log' && (end as number) > item.bytesMax)
        await cutMiddle(session, number as number, end as number, item);
    }
  }
  return outcomes;
}

function stepsOf(items: readonly LogAppend[]): readonly [Step, Step] {
  const held = heldValues(items);
  const lines = items.map(linesOf);
  const values = [
    storedTextArray(lines.map(({ text }) => text)),
    plainArray(lines.map(({ bytes }) => bytes)),
    plainArray(items.map(({ stream }) => streamNumber(stream))),
    plainArray(items.map(({ bytesMax }) => bytesMax)),
  ];
  return [
    { name: 'logLock', values: held },
    { name: 'logAppend', values: [...held, ...values] },
  ];
}

function heldValues(items: readonly LogAppend[]) {
  return [plainArray(items.map(({ id }) => id)), plainArray(items.map(({ fence }) => fence))];
}

/** Once more, with the output of earlier runs out of the way. */
async function appendAlone(session: Session, number: number, item: LogAppend): Promise<LogOutcome> {
  const [lock, append] = stepsOf([item]);
  const forget: Step = { name: 'outputForget', values: [number, item.fence] };
  const [row] = (await repeated(() => session.runAll([lock, forget, append])))[2] ?? [];
  if (row === undefined) return 'lost';
  return row[3] === true ? 'written' : 'full';
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
async function cutMiddle(session: Session, number: number, end: number, append: LogAppend): Promise<void> {
  const { fence, bytesMax, entries } = append;
  try {
    const head = headBytes(bytesMax);
    const [position = null, attempt = null, headEnd = null] = (await session.run('logEdge', [number, head]))[0] ?? [];
    const upTo = cutAt(end, bytesMax, attempt === 0 ? (position as number) : null);
    const last = upTo === null ? null : (await session.run('logLastUpTo', [number, upTo]))[0]?.[0];
    if (upTo === null || typeof last !== 'number' || last <= head) return;
    const line = leftOutLine(last - ((headEnd as number | null) ?? 0), bytesMax);
    await session.runAll([
      { name: 'logLock', values: heldValues([append]) },
      { name: 'logCut', values: [number, head, upTo, line, entries.at(-1)?.at ?? 0, last, fence] },
    ]);
  } catch {
    // The lines themselves are stored: whoever appended them must not do it again.
  }
}

export async function readLogs(session: Session, filter: LogFilter): Promise<readonly LogLine[]> {
  const { id, stream, after, attempt = null, levelMin, limit, bytesMax = null } = filter;
  if (jobIdOf(id) !== id) return [];
  const level = levelMin === undefined ? 0 : logLevelNumber(levelMin);
  const values = [id, after, level, attempt, limit, streamNumber(stream), bytesMax];
  return (await repeated(() => session.run('logRead', values))).map(logLineOf);
}

export function logLineOf([stream, position, fence, attempt, at, level, line, fields]: Row): LogLine {
  return {
    stream: streamOf(stream as number),
    offset: position as number,
    fence: fence as number,
    attempt: attempt as number,
    at: at as number,
    level: logLevelOf(level as number),
    line: givenText(line as string),
    fields: textOf(fields as string | null),
  };
}
