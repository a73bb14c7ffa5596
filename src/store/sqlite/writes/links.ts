/** Jobs that come after others: linked when they come in, freed when the last of their links is closed. See `contract-links.ts`. */
import type { After } from '../../../core/after/after.ts';
import { isFinal, type StoredState } from '../../../core/state.ts';
import type { Terms } from '../../../core/terms.ts';
import type { LinkRef } from '../../contract.ts';
import { roomOf } from '../../job-rooms.ts';
import { AT } from '../../job-row.ts';
import { awaitedText, freedText, isAwaited, isHeld } from '../../mark-text.ts';
import type { Row, Value } from '../rows.ts';
import { jobUpdate } from '../statements.ts';
import { changed } from './events.ts';
import { limitChanged } from './limits.ts';
import { tellEnd } from './state-change.ts';
import type { Transaction } from './transaction.ts';

export interface Parents {
  readonly policy: After['policy'];
  readonly rows: readonly Row[];
  /** The first that the tenant does not have. */
  readonly missing?: string;
}

/** Null for a job that comes after none. */
export function parentsOf({ connection }: Transaction, tenant: string, terms: Value): Parents | null {
  const after = terms === null ? undefined : (JSON.parse(terms as string) as Terms).after;
  if (after === undefined) return null;
  const found = after.ids.map((id) => {
    const row = connection.get('jobById', id);
    return row?.[AT.tenant] === tenant ? row : id;
  });
  const missing = found.find((one) => typeof one === 'string');
  const rows = found.filter((one) => typeof one !== 'string');
  return { policy: after.policy, rows, ...(missing === undefined ? {} : { missing }) };
}

/** Whoever has ended is told of again; whoever has not will be, once it is marked. */
export function linkTo(transaction: Transaction, child: number, { policy, rows }: Parents): void {
  for (const row of rows) {
    transaction.connection.run('linkOpen', child, row[AT.number] as number, policy);
    if (isFinal(row[AT.state] as StoredState)) tellEnd(transaction, row);
    else markAwaited(transaction, row);
  }
}

/** The revision moves, so that whoever is about to end it looks at it again. */
function markAwaited({ connection }: Transaction, row: Row): void {
  const marks = (row[AT.marks] ?? null) as string | null;
  if (isAwaited(marks)) return;
  const update = connection.prepareOnce(jobUpdate(roomOf(row[AT.state] as StoredState), ['marks']));
  update.run(awaitedText(marks), row[AT.number] as number, row[AT.revision] as number);
}

export interface LinkClosing {
  readonly links: readonly LinkRef[];
  readonly now: number;
}

/** @returns the rows of those that are free now, one after another */
export function closeLinks(transaction: Transaction, { links, now }: LinkClosing): readonly Value[] {
  for (const { child, parent } of links) transaction.connection.run('linkClose', child, parent);
  return freeAll(transaction, new Set(links.map(({ child }) => child)), now);
}

export interface LinkJoining {
  readonly children: readonly number[];
  readonly now: number;
}

export function joinLinks(transaction: Transaction, { children, now }: LinkJoining): readonly Value[] {
  for (const child of children) {
    const row = transaction.connection.get('jobByNumber', child);
    if (row === undefined || !isWaitingFor(row)) continue;
    const parents = parentsOf(transaction, row[AT.tenant] as string, row[AT.terms] ?? null);
    if (parents !== null) linkTo(transaction, child, parents);
    transaction.connection.run('endedLooked', child);
  }
  return freeAll(transaction, new Set(children), now);
}

function freeAll(transaction: Transaction, children: ReadonlySet<number>, now: number): readonly Value[] {
  const freed: Value[] = [];
  for (const child of children) {
    if (transaction.connection.get('linkIsOpen', child) !== undefined) continue;
    // It was retried: another parent than the one whose link was closed may have failed.
    if (transaction.connection.get('endedLooking', child) !== undefined) continue;
    const row = transaction.connection.get('jobByNumber', child);
    if (row !== undefined && isWaitingFor(row)) freed.push(...free(transaction, row, now));
  }
  return freed;
}

function isWaitingFor(row: Row): boolean {
  return row[AT.state] === 'waiting' && isHeld(row[AT.marks]);
}

function free(transaction: Transaction, row: Row, now: number): Row {
  const next = row.slice();
  const marks = freedText(row[AT.marks] as string);
  next[AT.marks] = marks;
  next[AT.revision] = (row[AT.revision] as number) + 1;
  transaction.connection.run('waitingFree', row[AT.number] as number, marks);
  // It may be given a ticket from now on.
  if (next[AT.limit_key] !== null) limitChanged(transaction, next, now);
  changed(transaction, next, 'changed', now);
  return next;
}

/** As far as their parents are there, and closed: whether any is open is looked at when the job waits. */
export function restoreLinks(transaction: Transaction, row: Row): void {
  const parents = parentsOf(transaction, row[AT.tenant] as string, row[AT.terms] ?? null);
  for (const parent of parents?.rows ?? []) {
    transaction.connection.run(
      'linkRestore',
      row[AT.number] as number,
      parent[AT.number] as number,
      parents?.policy ?? null,
    );
  }
}
