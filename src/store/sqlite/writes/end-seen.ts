/**
 * The end of a running job whose caller says what it saw, as a worker does that reports on its own jobs: what most patches are.
 *
 * The revision moves with every visible change. So where it is the one that was seen, state, fence and all else are too: the row
 * comes ready from the caller's thread, and the job goes to its last room without being read here and sent back.
 */
import type { StoredState } from '../../../core/state.ts';
import type { Row } from '../rows.ts';
import { columnsOf } from '../statements.ts';
import { enterFinished } from './rooms.ts';
import type { Transaction } from './transaction.ts';

export interface EndOfSeen {
  /** That the job had when it was seen. */
  readonly revision: number;
  readonly type: string;
}

/** The columns of its row in `finished`. */
export const END_COLUMNS = columnsOf('finished');
const AT_END = {
  number: 0,
  tenant: 1,
  state: END_COLUMNS.indexOf('state'),
  bytes: END_COLUMNS.indexOf('result_bytes'),
};

/** False where the job is not running at that revision any more; nothing is written then. */
export function endSeen(
  transaction: Transaction,
  { revision, type }: EndOfSeen,
  row: Row,
  result: Uint8Array | null,
): boolean {
  const { connection } = transaction;
  const number = row[AT_END.number] as number;
  if (connection.run('runningLeaveAt', number, revision) !== 1) return false;
  enterFinished(transaction, row, result);
  const tenant = row[AT_END.tenant] as string;
  transaction.count(tenant, type, 'running', -1);
  transaction.count(tenant, type, row[AT_END.state] as StoredState, 1);
  transaction.use(tenant, { jobs: 0, bytes: (row[AT_END.bytes] as number | null) ?? 0 });
  return true;
}
