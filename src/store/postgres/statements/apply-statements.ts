/**
 * Guarded patches: a batch moves jobs from room to room, or changes them where they are. How statements are written stands in
 * `statements.ts`.
 *
 * - `batch` waits for whoever has a row, then decides the guard on its newest version, and nobody can come between that and the
 *   write. It goes by job id, whatever the rooms, so that no two batches wait for each other. Where all jobs are in one room, the
 *   write itself does all of that, row by row in the order of the ids.
 * - Whoever waited and then finds the row gone from its room does not see where it went: the statement sees the moment of its
 *   beginning. Such a job is read afterwards, and tried again where it still is as expected; see `apply-patches.ts`.
 * - A job arrives in a room exactly when it was deleted from another: what is inserted is what DELETE returns.
 * - What later steps need rides along through each of them: joined again, a batch of 1,000 would be compared with itself, row by row.
 * - Only written jobs come back, whole where the caller has not seen them (`seen-jobs.ts`): as one array of JSON, since 33 columns
 *   of nulls cost more than all the rest of a row.
 *
 * differs: SQLite patches one job after another, in its one writer.
 */

import { FINAL_STATES } from '../../../core/state.ts';
import { ROOM_COLUMNS } from '../../job-rooms.ts';
import {
  columnType,
  FIXED_COLUMNS,
  JOB_COLUMNS,
  type JobColumn,
  maskColumns,
  PATCH_COLUMNS,
  patchBit,
  ROOMS,
  type Room,
} from '../../job-row.ts';
import { isAwaitedSql, isHeldSql } from '../../mark-text.ts';
import { writeEnds } from './ended-statements.ts';
import { kindOfChange, writeEvents } from './event-statements.ts';
import { LIMIT_BIT } from './limit-statements.ts';
import { PARENTS_BIT } from './link-statements.ts';
import { CHANGING_COLUMNS, cellIn, countChanges, finishedRow, HEADS, isAmong, jobRow, keyIn } from './rooms.ts';
import { SEQUENCE_BIT } from './sequence-statements.ts';
import { type Columns, unnestOf } from './statement-parts.ts';

/** Which jobs a statement is for. One for all would do; the fewer rooms it looks into, the less each job costs. */
interface Shape {
  readonly from: readonly Room[];
  /** Where moved jobs may go. */
  readonly to: readonly Room[];
  /** Whether jobs may also be changed where they are. */
  readonly stays: boolean;
  /** What the patches may write. */
  readonly columns: readonly JobColumn[];
}

/** What the end of an attempt writes into `finished`. */
const END_COLUMNS: readonly JobColumn[] = PATCH_COLUMNS.filter((column) =>
  [
    'state',
    'percent',
    'message',
    'error',
    'cancel_requested_at',
    'finished_at',
    'result_type',
    'result_bytes',
  ].includes(column),
);
const ANY: Shape = { from: ROOMS, to: ROOMS, stays: true, columns: PATCH_COLUMNS };
const FINISH: Shape = { from: ['running'], to: ['finished'], stays: false, columns: END_COLUMNS };
const REPORT: Shape = { from: ['running'], to: [], stays: true, columns: PATCH_COLUMNS };

const SHAPES = {
  jobApply: ANY,
  jobApplyWithResults: ANY,
  jobFinish: FINISH,
  jobFinishWithResults: FINISH,
  jobReport: REPORT,
};
export type ApplyStatement = keyof typeof SHAPES;

/** The columns of patches that a statement takes, in their order. */
export function columnsOf(statement: ApplyStatement): readonly JobColumn[] {
  return SHAPES[statement].columns;
}

/** Whether such a patch may end an attempt: what only a running job has ends by itself. */
export function isEnd(mask: number): boolean {
  return maskColumns(mask).every((column) => END_COLUMNS.includes(column) || !ROOM_COLUMNS.finished.includes(column));
}

/** One array per entry, sorted by id, each id once; then, with results, those of `RESULT_COLUMNS`, and the bytes of all results in one. */
const GIVEN = (columns: readonly JobColumn[]): Columns => [
  ['id', 'uuid'],
  ['guard', 'int'],
  ['expected_fence', 'bigint'],
  ['expected_revision', 'bigint'],
  // The room to be in afterwards; null leaves it.
  ['target', 'text'],
  ['mask', 'int'],
  ['happened_at', 'bigint'],
  ['seen_revision', 'bigint'],
  ...columns.map((column) => [`new_${column}`, columnType(column)] as const),
];
/** As an array the bytes would travel as hex, twice the size. */
const RESULT_COLUMNS: Columns = [
  ['content_type', 'text'],
  ['bytes_start', 'int'],
  ['bytes_length', 'int'],
];

/** What rides along from `batch` to the rows that come out. */
const CARRIED = [
  ...['ord', 'at', 'seen_revision', 'target', 'state_before', 'result_bytes_before', 'input_bytes'],
  ...['number', 'tenant', 'type', 'created_at', 'priority', 'sequence_key', 'limit_key', 'retain_ms', 'has_callback'],
];
const JOB_CELLS = `number, tenant, type, created_at, priority, sequence_key, limit_key, retain_ms,
      callback_url IS NOT NULL AS has_callback, octet_length(input) AS input_bytes`;

export function applyStatementsOf(s: string) {
  const texts = Object.entries(SHAPES).map(([name, shape]) => [name, jobApply(s, shape, name.endsWith('WithResults'))]);
  return Object.fromEntries(texts) as Readonly<Record<ApplyStatement, string>>;
}

function jobApply(s: string, shape: Shape, hasResults: boolean): string {
  const given = [...GIVEN(shape.columns), ...(hasResults ? RESULT_COLUMNS : [])];
  const carried = [...CARRIED, ...(hasResults ? RESULT_COLUMNS.map(([name]) => name) : [])];
  const content = `substr($${given.length + 1}::bytea, bytes_start, bytes_length)`;
  const draft: Draft = { s, shape, carried, content: hasResults ? content : null };
  const written = shape.from.flatMap((room) => [
    ...(shape.to.some((target) => target !== room) ? [{ name: `left_${room}`, text: leave(draft, room) }] : []),
    ...(shape.stays ? [{ name: `kept_${room}`, text: keep(draft, room) }] : []),
  ]);
  const steps = [
    `batch AS MATERIALIZED (${batchOf(s, shape, given)})`,
    ...(written.length === 1
      ? [`changed AS (${written[0]?.text})`]
      : [
          ...written.map(({ name, text }) => `${name} AS (${text})`),
          `changed AS MATERIALIZED (${written.map(({ name }) => `SELECT * FROM ${name}`).join(' UNION ALL ')})`,
        ]),
    ...shape.to.map((room) => `came_${room} AS (${arrive(draft, room)})`),
    `told AS (${tell(draft)})`,
    ...(shape.to.includes('finished') ? [`ended AS (${end(s)})`] : []),
    ...(shape.to.length > 0 ? [`counted AS (${count(s, hasResults)})`] : []),
  ];
  return `WITH ${steps.join(', ')}\n${ANSWER(s)}`;
}

interface Draft {
  readonly s: string;
  readonly shape: Shape;
  readonly carried: readonly string[];
  /** The bytes of a row's result; null where the batch has none. */
  readonly content: string | null;
}

/** The batch beside its jobs and, of several rooms, the row that each is in, locked. */
function batchOf(s: string, { from }: Shape, given: Columns): string {
  const cells = [
    'ord',
    ...given.map(([name]) => name).filter((name) => !['id', 'target', 'happened_at'].includes(name)),
  ];
  const [only, ...others] = from;
  const room =
    only !== undefined && others.length === 0
      ? `(VALUES ('${only}', '${only}', NULL::int)) r(room, state_before, result_bytes_before)`
      : `LATERAL (${from.map((room) => `SELECT * FROM (${probe(s, room)}) ${room}`).join(' UNION ALL ')}) r`;
  return `
  SELECT ${cells.map((name) => `g.${name}`).join(', ')}, j.*,
    coalesce(g.happened_at, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) AS at,
    r.room, r.state_before, r.result_bytes_before, coalesce(g.target, r.room) AS target
  FROM ${unnestOf(given, 'g')}
  CROSS JOIN LATERAL (SELECT ${JOB_CELLS} FROM ${s}.jobs WHERE id = g.id LIMIT 1) j
  CROSS JOIN ${room}`;
}

function guards(room: Room, given: string, row = ''): string {
  return `${isAmong(room, `${given}.guard`)}
      AND (${given}.expected_fence IS NULL OR ${given}.expected_fence = ${row}fence)
      AND (${given}.expected_revision IS NULL OR ${given}.expected_revision = ${row}revision)`;
}

function probe(s: string, room: Room): string {
  const before = room === 'finished' ? 'state' : `'${room}'`;
  const bytes = room === 'finished' ? 'octet_length(result)' : 'NULL::int';
  const cells = `'${room}' AS room, ${before} AS state_before, ${bytes} AS result_bytes_before`;
  const rest = `AND ${guards(room, 'g')} FOR UPDATE`;
  if (room === 'finished') return finishedRow(s, 'j', cells, rest);
  return `SELECT ${cells} FROM ${s}.${room} WHERE ${keyIn(room, 'j')} ${rest}`;
}

/** A changing column after the patch, of row `r` in a room. */
function patchedCell(column: JobColumn, room: Room, { columns }: Shape): string {
  if (column === 'revision') return 'r.revision + 1';
  if (!columns.includes(column)) return cellIn(room, column, 'r');
  return `CASE WHEN l.mask & ${patchBit(column)} <> 0 THEN l.new_${column} ELSE ${cellIn(room, column, 'r')} END`;
}

/** The same, and null where the job goes to a room that does not have it. */
function movedCell(column: JobColumn, room: Room, shape: Shape): string {
  const { to } = shape;
  if (column === 'state') return patchedCell(column, room, shape);
  const having = to.filter((target) => ROOM_COLUMNS[target].includes(column));
  if (having.length === 0) return `NULL::${columnType(column)}`;
  const cell = patchedCell(column, room, shape);
  if (having.length === to.length) return cell;
  return `CASE WHEN l.target IN (${having.map((target) => `'${target}'`).join(', ')}) THEN ${cell} END`;
}

/**
 * A row in the room of the job that it belongs to, as expected. A locked one has been found so. `l.room` is for the planner, too: it takes the
 * batch for a row or two then, and looks for each by key, rather than through a room that it knows to be empty.
 */
function isIts(room: Room, { shape }: Draft): string {
  const its = `${keyIn(room, 'l', 'r', 'l.state_before')} AND l.room = '${room}'`;
  return shape.from.length === 1 ? `${its} AND ${guards(room, 'l', 'r.')}` : its;
}

function leave(draft: Draft, room: Room): string {
  const { s, shape, carried } = draft;
  const cells = CHANGING_COLUMNS.map((column) => `${movedCell(column, room, shape)} AS ${column}`);
  return `
  DELETE FROM ${s}.${room} r USING batch l WHERE ${isIts(room, draft)} AND l.target <> '${room}'
  RETURNING ${carried.map((name) => `l.${name}`).join(', ')}, true AS is_moved, NULL::int AS result_bytes_kept,
    ${cells.join(', ')}`;
}

function keep(draft: Draft, room: Room): string {
  const { s, shape, carried, content } = draft;
  const columns = ROOM_COLUMNS[room].filter((column) => column !== 'revision');
  const sets = [
    'revision = r.revision + 1',
    ...columns.map((column) => `${column} = ${patchedCell(column, room, shape)}`),
  ];
  if (room === 'finished') {
    const isTakenAway = `l.mask & ${patchBit('result_type')} <> 0 AND l.new_result_type IS NULL`;
    const isNew = content === null ? '' : `WHEN l.content_type IS NOT NULL THEN ${content}`;
    sets.push(`retain_until = ${patchedCell('finished_at', room, shape)} + l.retain_ms`);
    sets.push(`result = CASE ${isNew} WHEN ${isTakenAway} THEN NULL ELSE r.result END`);
  }
  const cells = CHANGING_COLUMNS.map((column) => `${cellIn(room, column, 'r')} AS ${column}`);
  const kept = room === 'finished' ? 'octet_length(r.result)' : 'NULL::int';
  return `
  UPDATE ${s}.${room} r SET ${sets.join(', ')}
  FROM batch l WHERE ${isIts(room, draft)} AND l.target = '${room}'
  RETURNING ${carried.map((name) => `l.${name}`).join(', ')}, false AS is_moved, ${kept} AS result_bytes_kept,
    ${cells.join(', ')}`;
}

/** Jobs of a sequence come back to `waiting` blocked: `sequenceSettle` frees the one that may run. */
function arrive({ s, content }: Draft, room: Room): string {
  const extra: Readonly<Record<Room, readonly (readonly [string, string])[]>> = {
    waiting: [['blocked', `${SEQUENCE_BIT} + ${LIMIT_BIT} + ${PARENTS_BIT}`]],
    running: [],
    finished: [
      ['retain_until', 'finished_at + retain_ms'],
      ...(content === null ? [] : [['result', `CASE WHEN content_type IS NOT NULL THEN ${content} END`] as const]),
    ],
  };
  const same = [...HEADS[room], ...ROOM_COLUMNS[room]];
  return `
  INSERT INTO ${s}.${room} (${[...same, ...extra[room].map(([name]) => name)].join(', ')})
  SELECT ${[...same, ...extra[room].map(([, cell]) => cell)].join(', ')} FROM changed WHERE is_moved AND target = '${room}'`;
}

function tell({ s, shape }: Draft): string {
  const states = ROOMS.filter((room) => shape.to.includes(room)).flatMap((room) =>
    room === 'finished' ? FINAL_STATES : [room],
  );
  return writeEvents(s, {
    from: `changed c CROSS JOIN LATERAL (SELECT * FROM ${s}.jobs WHERE number = c.number LIMIT 1) j`,
    tenant: 'c.tenant',
    hasCallback: 'c.has_callback',
    at: 'c.at',
    number: 'c.number',
    kind: states.length === 0 ? 'changed' : kindOfChange(states, 'c.state', 'c.state_before'),
    job: JOB_COLUMNS.map((column) => `${FIXED_COLUMNS.includes(column) ? 'j' : 'c'}.${column}`),
  });
}

/** Ends, and what is no end any more, where somebody waits for them; and what has to look at its parents again. */
function end(s: string): string {
  return writeEnds(
    s,
    `SELECT c.number, c.revision, j.id, c.tenant, c.state FROM changed c
    CROSS JOIN LATERAL (SELECT id FROM ${s}.jobs WHERE number = c.number LIMIT 1) j
    WHERE c.marks IS NOT NULL AND (c.target = 'finished') <> (c.state_before NOT IN ('waiting', 'running'))
      AND ((${isAwaitedSql('c.marks')}) OR (c.target = 'waiting' AND ${isHeldSql('c.marks')}))`,
  );
}

function count(s: string, hasResults: boolean): string {
  const sent = hasResults ? `CASE WHEN is_moved AND target = 'finished' THEN bytes_length END, ` : '';
  return countChanges(
    s,
    `
    SELECT tenant, type, d.state, d.jobs, d.bytes FROM (
      SELECT tenant, type, state_before, state, count(*) AS jobs, sum(input_bytes + coalesce(result_bytes_before, 0)) AS before,
        sum(input_bytes + coalesce(${sent}result_bytes_kept, 0)) AS after FROM changed GROUP BY tenant, type, state_before, state) c
    CROSS JOIN LATERAL (VALUES (state_before, -jobs, -before), (state, jobs, after)) d(state, jobs, bytes)`,
  );
}

/** Place, lease, and the whole job as JSON where it is not the one that the caller has seen, with the patch. */
const ANSWER = (s: string) => `
SELECT ord, lease_until, CASE WHEN revision IS DISTINCT FROM seen_revision + 1 THEN (
  SELECT json_build_array(${jobRow('j', 'c')}) FROM ${s}.jobs j WHERE j.number = c.number) END
FROM changed c`;
