/**
 * Guarded patches: a batch moves jobs from room to room, or changes them where they are. How statements are written stands in
 * `statements.ts`.
 *
 * - `locked` waits for whoever has a row, then decides the guard on its newest version, and nobody can come between that and the
 *   write. It goes by job id, whatever the rooms, so that no two batches wait for each other.
 * - Whoever waited and then finds the row gone from its room does not see where it went: the statement sees the moment of its
 *   beginning. Such a job is read afterwards, and tried again where it still is as expected; see `apply-patches.ts`.
 * - A job arrives in a room exactly when it was deleted from another: what is inserted is what DELETE returns.
 * - What later steps need rides along through each of them: joined again, a batch of 1,000 would be compared with itself, row by row.
 * - Only written jobs come back, whole where the caller has not seen them (`seen-jobs.ts`).
 *
 * differs: SQLite patches one job after another, in its one writer.
 */

import { ROOM_COLUMNS } from '../../job-rooms.ts';
import { columnType, FIXED_COLUMNS, type JobColumn, PATCH_COLUMNS, patchBit, ROOMS, type Room } from '../../job-row.ts';
import { CHANGING_COLUMNS, cellIn, countChanges, finishedRow, HEADS, isAmong, keyIn } from './rooms.ts';
import { type Columns, unnestOf } from './statement-parts.ts';

/** Which jobs a statement is for. One for all would do; the fewer rooms it looks into, the less each job costs. */
interface Shape {
  readonly from: readonly Room[];
  /** Where moved jobs may go. */
  readonly to: readonly Room[];
  /** Whether jobs may also be changed where they are. */
  readonly stays: boolean;
}

const ANY: Shape = { from: ROOMS, to: ROOMS, stays: true };
const FINISH: Shape = { from: ['running'], to: ['finished'], stays: false };
const REPORT: Shape = { from: ['running'], to: [], stays: true };

/** One array per entry, sorted by id, each id once; then, with results, those of `RESULT_COLUMNS`, and the bytes of all results in one. */
const GIVEN: Columns = [
  ['id', 'uuid'],
  ['guard', 'int'],
  ['expected_fence', 'bigint'],
  ['expected_revision', 'bigint'],
  // The room to be in afterwards; null leaves it.
  ['target', 'text'],
  ['mask', 'int'],
  ['happened_at', 'bigint'],
  ['seen_revision', 'bigint'],
  ...PATCH_COLUMNS.map((column) => [`new_${column}`, columnType(column)] as const),
];
/** As an array the bytes would travel as hex, twice the size. */
const RESULT_COLUMNS: Columns = [
  ['content_type', 'text'],
  ['bytes_start', 'int'],
  ['bytes_length', 'int'],
];

/** What rides along from `locked` to the rows that come out. */
const CARRIED = [
  ...['ord', 'happened_at', 'seen_revision', 'target', 'state_before', 'result_bytes_before', 'input_bytes'],
  ...['number', 'tenant', 'type', 'created_at', 'priority', 'sequence_key', 'retain_ms', 'has_callback'],
];
const JOB_CELLS = `number, tenant, type, created_at, priority, sequence_key, retain_ms,
      callback_url IS NOT NULL AS has_callback, octet_length(input) AS input_bytes`;

export function applyStatementsOf(s: string) {
  return {
    jobApply: jobApply(s, ANY, false),
    jobApplyWithResults: jobApply(s, ANY, true),
    jobFinish: jobApply(s, FINISH, false),
    jobFinishWithResults: jobApply(s, FINISH, true),
    jobReport: jobApply(s, REPORT, false),
  };
}

function jobApply(s: string, shape: Shape, hasResults: boolean): string {
  const given = [...GIVEN, ...(hasResults ? RESULT_COLUMNS : [])];
  const carried = [...CARRIED, ...(hasResults ? RESULT_COLUMNS.map(([name]) => name) : [])];
  const content = `substr($${given.length + 1}::bytea, bytes_start, bytes_length)`;
  const draft: Draft = { s, shape, carried, content: hasResults ? content : null };
  const own = given.map(([name]) => name).filter((name) => !['id', 'guard', 'target'].includes(name));
  const written = shape.from.flatMap((room) => [
    ...(shape.to.some((target) => target !== room) ? [{ name: `left_${room}`, text: leave(draft, room) }] : []),
    ...(shape.stays ? [{ name: `kept_${room}`, text: keep(draft, room) }] : []),
  ]);
  const steps = [
    `locked AS MATERIALIZED (
  SELECT ${['g.ord', ...own.filter((name) => !name.startsWith('expected')).map((name) => `g.${name}`)].join(', ')},
    j.*, r.room, r.state_before, r.result_bytes_before, coalesce(g.target, r.room) AS target
  FROM ${unnestOf(given, 'g')}
  CROSS JOIN LATERAL (SELECT ${JOB_CELLS} FROM ${s}.jobs WHERE id = g.id LIMIT 1) j
  CROSS JOIN LATERAL (${shape.from.map((room) => `SELECT * FROM (${probe(s, room)}) ${room}`).join(' UNION ALL ')}) r)`,
    ...(written.length === 1
      ? [`changed AS (${written[0]?.text})`]
      : [
          ...written.map(({ name, text }) => `${name} AS (${text})`),
          `changed AS MATERIALIZED (${written.map(({ name }) => `SELECT * FROM ${name}`).join(' UNION ALL ')})`,
        ]),
    ...shape.to.map((room) => `came_${room} AS (${arrive(draft, room)})`),
    ...(shape.to.length > 0 ? [`announced AS (${announce(s)})`, `counted AS (${count(s, hasResults)})`] : []),
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

function probe(s: string, room: Room): string {
  const before = room === 'finished' ? 'state' : `'${room}'`;
  const bytes = room === 'finished' ? 'octet_length(result)' : 'NULL::int';
  const cells = `'${room}' AS room, ${before} AS state_before, ${bytes} AS result_bytes_before`;
  const rest = `AND ${isAmong(room, 'g.guard')}
      AND (g.expected_fence IS NULL OR g.expected_fence = fence)
      AND (g.expected_revision IS NULL OR g.expected_revision = revision)
    FOR UPDATE`;
  if (room === 'finished') return finishedRow(s, 'j', cells, rest);
  return `SELECT ${cells} FROM ${s}.${room} WHERE ${keyIn(room, 'j')} ${rest}`;
}

/** A changing column after the patch, of row `r` in a room. */
function patchedCell(column: JobColumn, room: Room): string {
  if (column === 'revision') return 'r.revision + 1';
  return `CASE WHEN l.mask & ${patchBit(column)} <> 0 THEN l.new_${column} ELSE ${cellIn(room, column, 'r')} END`;
}

/** The same, and null where the job goes to a room that does not have it. */
function movedCell(column: JobColumn, room: Room, to: readonly Room[]): string {
  if (column === 'state') return patchedCell(column, room);
  const having = to.filter((target) => ROOM_COLUMNS[target].includes(column));
  if (having.length === 0) return `NULL::${columnType(column)}`;
  const cell = patchedCell(column, room);
  if (having.length === to.length) return cell;
  return `CASE WHEN l.target IN (${having.map((target) => `'${target}'`).join(', ')}) THEN ${cell} END`;
}

function leave({ s, shape, carried }: Draft, room: Room): string {
  const cells = CHANGING_COLUMNS.map((column) => `${movedCell(column, room, shape.to)} AS ${column}`);
  return `
  DELETE FROM ${s}.${room} r USING locked l WHERE ${keyIn(room, 'l', 'r', 'l.state_before')} AND l.room = '${room}' AND l.target <> '${room}'
  RETURNING ${carried.map((name) => `l.${name}`).join(', ')}, true AS is_moved, NULL::int AS result_bytes_kept,
    ${cells.join(', ')}`;
}

function keep({ s, carried, content }: Draft, room: Room): string {
  const columns = ROOM_COLUMNS[room].filter((column) => column !== 'revision');
  const sets = ['revision = r.revision + 1', ...columns.map((column) => `${column} = ${patchedCell(column, room)}`)];
  if (room === 'finished') {
    const isTakenAway = `l.mask & ${patchBit('result_type')} <> 0 AND l.new_result_type IS NULL`;
    const isNew = content === null ? '' : `WHEN l.content_type IS NOT NULL THEN ${content}`;
    sets.push(`retain_until = ${patchedCell('finished_at', room)} + l.retain_ms`);
    sets.push(`result = CASE ${isNew} WHEN ${isTakenAway} THEN NULL ELSE r.result END`);
  }
  const cells = CHANGING_COLUMNS.map((column) => `${cellIn(room, column, 'r')} AS ${column}`);
  const kept = room === 'finished' ? 'octet_length(r.result)' : 'NULL::int';
  return `
  UPDATE ${s}.${room} r SET ${sets.join(', ')}
  FROM locked l WHERE ${keyIn(room, 'l', 'r', 'l.state_before')} AND l.room = '${room}' AND l.target = '${room}'
  RETURNING ${carried.map((name) => `l.${name}`).join(', ')}, false AS is_moved, ${kept} AS result_bytes_kept,
    ${cells.join(', ')}`;
}

/** Jobs of a sequence come back to `waiting` blocked: `sequenceSettle` frees the one that may run. */
function arrive({ s, content }: Draft, room: Room): string {
  const extra: Readonly<Record<Room, readonly (readonly [string, string])[]>> = {
    waiting: [['blocked', 'sequence_key IS NOT NULL']],
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

function announce(s: string): string {
  return `
  INSERT INTO ${s}.deliveries (job_id, tenant, revision, state, url, origin, attempt, at, fence, due_at)
  SELECT j.id, c.tenant, c.revision, c.state, j.callback_url, j.origin, 0, t.at, 0, t.at
  FROM changed c
  CROSS JOIN LATERAL (SELECT id, callback_url, origin FROM ${s}.jobs WHERE number = c.number LIMIT 1) j
  CROSS JOIN LATERAL (SELECT coalesce(c.happened_at, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) AS at) t
  WHERE c.has_callback AND c.state <> c.state_before ORDER BY c.number`;
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

/** Place, whether the caller has seen the job before, its lease; then the job, where the caller has not. */
const ANSWER = (s: string) => `
SELECT ord, is_seen, lease_until, ${FIXED_COLUMNS.map((column) => `j.${column}`).join(', ')},
  ${CHANGING_COLUMNS.map((column) => `CASE WHEN NOT is_seen THEN c.${column} END`).join(', ')}
FROM changed c CROSS JOIN LATERAL (SELECT coalesce(revision = seen_revision + 1, false) AS is_seen) t
LEFT JOIN LATERAL (SELECT * FROM ${s}.jobs WHERE NOT is_seen AND number = c.number LIMIT 1) j ON true`;
