/**
 * The end of a running job whose caller says what it saw, as a worker does that reports on its own jobs: what most patches are.
 *
 * The revision moves with every visible change. So where it is the one that was seen, state, fence and all else are too: the row
 * comes ready from the caller's thread, and the job goes to its last room without being read here and sent back.
 */
import type { StoredState } from '../../../core/state.ts';
import { isAwaited } from '../../mark-text.ts';
import type { Row } from '../rows.ts';
import { columnsOf } from '../statements.ts';
import { writeEvent } from './events.ts';
import { enterFinished } from './rooms.ts';
import type { Transaction } from './transaction.ts';

export interface EndOfSeen {
  /** That the job had when it was seen. */
  readonly revision: number;
  readonly type: string;
}

/** What is not in that row. */
export interface EndFacts {
  /** The job's. */
  readonly id: string;
  readonly result: Uint8Array | null;
  /** When it ended; null when nobody said. */
  readonly at: number | null;
}

/** The columns of its row in `finished`. */
export const END_COLUMNS = columnsOf('finished');
const AT_END = {
  number: 0,
  tenant: 1,
  state: END_COLUMNS.indexOf('state'),
  marks: END_COLUMNS.indexOf('marks'),
  revision: END_COLUMNS.indexOf('revision'),
  bytes: END_COLUMNS.indexOf('result_bytes'),
};

/** False where the job is not running at that revision any more; nothing is written then. */
export function endSeen(
  transaction: Transaction,
  { revision, type }: EndOfSeen,
  row: Row,
  { id, result, at }: EndFacts,
): boolean {
  const { connection } = transaction;
  const number = row[AT_END.number] as number;
  if (connection.run('runningLeaveAt', number, revision) !== 1) return false;
  enterFinished(transaction, row, result);
  const tenant = row[AT_END.tenant] as string;
  transaction.count(tenant, type, 'running', -1);
  const state = row[AT_END.state] as StoredState;
  transaction.count(tenant, type, state, 1);
  transaction.use(tenant, { jobs: 0, bytes: (row[AT_END.bytes] as number | null) ?? 0 });
  if (isAwaited(row[AT_END.marks]))
    connection.run('endedInsert', number, row[AT_END.revision] ?? null, id, tenant, state);
  // Read back: to send the rest along with every end would cost more than this costs those that are followed (4 µs).
  const whole = transaction.isFollowed(tenant, state) ? connection.get('jobByNumber', number) : undefined;
  if (whole !== undefined) writeEvent(transaction, whole, state, at);
  return true;
}
