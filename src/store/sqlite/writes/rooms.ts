/**
 * The way of a job from room to room. Whoever leaves one enters another in the same transaction, so that a job is in exactly one;
 * what no room can hold is refused before anything is written.
 */

import { BLOCKED_BY } from '../../blocks.ts';
import { roomFor } from '../../job-rooms.ts';
import type { Room } from '../../job-row.ts';
import { AT } from '../../job-row.ts';
import { isHeld } from '../../mark-text.ts';
import { firstPart, insertOtherParts } from '../result-parts.ts';
import type { Row, Value } from '../rows.ts';
import { columnsOf, type StatementName } from '../statements.ts';
import type { Transaction } from './transaction.ts';

const ENTER = { waiting: 'waitingEnter', running: 'runningEnter' } as const;
const LEAVE = { waiting: 'waitingLeave', running: 'runningLeave', finished: 'finishedLeave' } as const;
const PLACES: Readonly<Record<Room, readonly number[]>> = {
  waiting: placesOf('waiting'),
  running: placesOf('running'),
  finished: placesOf('finished'),
};

/** @param row in the order of `JOB_COLUMNS` */
export function enterRoom(transaction: Transaction, room: Room, row: Row, result: Uint8Array | null): void {
  const values: Value[] = PLACES[room].map((place) => row[place] ?? null);
  if (room === 'waiting') {
    const [tenant, key, number] = [row[AT.tenant] as string, row[AT.sequence_key] ?? null, row[AT.number] as number];
    const limitKey = row[AT.limit_key] ?? null;
    values.push(blockedBy(transaction, { tenant, key, limitKey, number, marks: row[AT.marks] ?? null }));
  }
  if (room === 'finished') enterFinished(transaction, values, result);
  else transaction.connection.run(ENTER[room], ...values);
}

/** @param values of the columns of the room, the number first */
export function enterFinished({ connection }: Transaction, values: Row, result: Uint8Array | null): void {
  connection.run('finishedEnter', ...values, result && firstPart(result));
  if (result !== null) insertOtherParts(connection, values[0] as number, result);
}

export function leaveRoom({ connection }: Transaction, room: Room, number: number): void {
  const name: StatementName = LEAVE[room];
  if (connection.run(name, number) !== 1) throw new Error(`Job ${number} is not in ${room}.`);
  if (room === 'finished') connection.run('resultPartsDelete', number);
}

/** A job on its way into `waiting`. */
interface Comer {
  readonly tenant: string;
  /** Of its sequence. */
  readonly key: Value;
  readonly limitKey: Value;
  readonly number: number;
  readonly marks: Value;
}

/** What keeps a job that waits from being claimed, as bits. A job under a limit has to be given a ticket first. */
export function blockedBy({ connection }: Transaction, { tenant, key, limitKey, number, marks }: Comer): Value {
  const others = (limitKey === null ? 0 : BLOCKED_BY.limit) | (isHeld(marks) ? BLOCKED_BY.parents : 0);
  if (key === null) return others;
  return connection.get('sequenceIsTaken', tenant, key, number)?.[0] === 1 ? others | BLOCKED_BY.sequence : others;
}

/** Throws for a row that says what no job in its state can. */
export function requireRoom(row: Row): Room {
  const room = roomFor(row);
  if (room === null) throw new Error(`No ${row[AT.state]} job is as job ${row[AT.number]} would be.`);
  return room;
}

function placesOf(room: Room): readonly number[] {
  return columnsOf(room).map((column) => AT[column]);
}
