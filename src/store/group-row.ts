/** The row of a group as both stores have it. */
import type { FollowUpJobs, Group, GroupCounts } from '../core/groups/group.ts';
import { FINAL_STATES } from '../core/state.ts';
import type { Cell, TextCodec } from './job-row.ts';

/** In the order of every row that carries one. PostgreSQL's types; SQLite has INTEGER and TEXT for them. */
export const GROUP_COLUMNS = [
  ['id', 'uuid'],
  ['tenant', 'text'],
  ['is_open', 'int'],
  ['total', 'bigint'],
  ...FINAL_STATES.map((state) => [state, 'bigint'] as const),
  ['revision', 'bigint'],
  ['created_at', 'bigint'],
  ['closed_at', 'bigint'],
  ['finished_at', 'bigint'],
  ['remove_at', 'bigint'],
  ['retain_ms', 'bigint'],
  ['outcome', 'text'],
  ['follow_up_jobs', 'text'],
  ['idempotency_key', 'text'],
  ['request_hash', 'text'],
] as const satisfies readonly (readonly [string, 'uuid' | 'int' | 'bigint' | 'text'])[];

export const GROUP_WIDTH = GROUP_COLUMNS.length;
export const GROUP_ROW = GROUP_COLUMNS.map(([name]) => name).join(', ');

/** Closed, all members final, and not ended: as the partial index has it, word for word. */
export const IS_DUE = `is_open = 0 AND finished_at IS NULL AND remove_at IS NULL AND total = ${FINAL_STATES.join(' + ')}`;

export function groupCells(group: Group, { stored }: TextCodec): readonly Cell[] {
  const text = (value: string | null) => (value === null ? null : stored(value));
  return [
    group.id,
    stored(group.tenant),
    group.isOpen ? 1 : 0,
    group.total,
    ...FINAL_STATES.map((state) => group.counts[state]),
    group.revision,
    group.createdAt,
    group.closedAt,
    group.finishedAt,
    group.removeAt,
    group.retainMs,
    group.outcome,
    stored(JSON.stringify(group.followUps)),
    text(group.idempotencyKey),
    text(group.requestHash),
  ];
}

/** The group whose cells begin the row. */
export function groupReader({ given }: TextCodec): (row: ArrayLike<unknown>) => Group {
  const text = (cell: unknown) => (cell === null ? null : given(cell as string));
  return (row) => {
    const [id, tenant, isOpen, total] = [row[0], row[1], row[2], row[3]] as [string, string, number, number];
    const counts = Object.fromEntries(FINAL_STATES.map((state, at) => [state, row[4 + at]]));
    const cells = Array.from(row).slice(4 + FINAL_STATES.length, GROUP_WIDTH);
    const [revision, createdAt, closedAt, finishedAt, removeAt, retainMs, outcome, jobs, key, hash] = cells;
    return {
      id,
      tenant: given(tenant),
      isOpen: isOpen === 1,
      total,
      counts: counts as unknown as GroupCounts,
      revision: revision as number,
      createdAt: createdAt as number,
      closedAt: closedAt as number | null,
      finishedAt: finishedAt as number | null,
      removeAt: removeAt as number | null,
      retainMs: retainMs as number,
      outcome: outcome as Group['outcome'],
      followUps: JSON.parse(given(jobs as string)) as FollowUpJobs,
      idempotencyKey: text(key),
      requestHash: text(hash),
    };
  };
}
