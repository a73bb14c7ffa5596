/**
 * The few children of a job that has succeeded, freed in the transaction of its end: a chain costs one commit a step then, and not three (the end,
 * its children, and that all is told). Only where the caller knows that somebody waits for the job; what is not done here is told as any end.
 */
import { FAMILY_MAX } from '../../contract.ts';
import type { Value } from '../rows.ts';
import { closeLinks } from './links.ts';
import type { Transaction } from './transaction.ts';

export interface Family {
  /** Of those that are free now, one after another. */
  readonly rows: readonly Value[];
  readonly isSettled: boolean;
}

const LEFT: Family = Object.freeze({ rows: [], isSettled: false });

/** Right behind the change that ended the job. @param at when; null when nobody said */
export function freeFamily(transaction: Transaction, id: string, at: number | null): Family {
  const { connection } = transaction;
  const found = connection.all('familyRead', id, FAMILY_MAX + 1);
  const [first] = found;
  if (first === undefined || found.length > FAMILY_MAX) return LEFT;
  // One that was retried looks at its parents anew before it is freed: another one of them may have failed.
  if (found.some(([, child]) => connection.get('endedLooking', child as number) !== undefined)) return LEFT;
  const parent = first[0] as number;
  const links = found.map(([, child]) => ({ parent, child: child as number }));
  const rows = closeLinks(transaction, { links, now: at ?? Date.now() });
  // Its group has still to count it.
  const isSettled = connection.get('memberRead', parent) === undefined;
  if (isSettled) connection.run('endedDeleteLast', parent);
  return { rows, isSettled };
}
