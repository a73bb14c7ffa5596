/** Statements about groups and their members. */
import { FINAL_STATES } from '../../core/state.ts';
import { GROUP_COLUMNS, GROUP_ROW, GROUP_WIDTH, IS_DUE } from '../group-row.ts';

/** What changes after the making, in the order of the row. */
const WRITTEN = GROUP_COLUMNS.map(([name]) => name).filter((name) => name !== 'id' && name !== 'tenant');

export const GROUP_STATEMENTS = {
  /** The row, then the follow-ups. */
  groupInsert: `INSERT INTO job_groups (${GROUP_ROW}, follow_ups) VALUES (${'?, '.repeat(GROUP_WIDTH)}?)`,
  /** Of the group with that id; the second cell is its tenant. */
  groupPut: `UPDATE job_groups SET ${WRITTEN.map((name, at) => `${name} = ?${at + 3}`).join(', ')} WHERE id = ?1 AND tenant = ?2`,
  groupById: `SELECT ${GROUP_ROW}, number FROM job_groups WHERE id = ?1 AND tenant = ?2`,
  groupStanding: `SELECT ${GROUP_ROW}, number FROM job_groups WHERE id = ?`,
  groupByNumber: `SELECT ${GROUP_ROW}, number FROM job_groups WHERE number = ?`,
  groupByKey: `SELECT ${GROUP_ROW} FROM job_groups WHERE tenant = ?1 AND idempotency_key = ?2`,
  /** One that is over is no answer any more. */
  groupKeyFree: `UPDATE job_groups SET idempotency_key = NULL
    WHERE tenant = ?1 AND idempotency_key = ?2 AND remove_at IS NOT NULL AND remove_at <= ?3`,
  groupCount: `SELECT count(*) FROM (SELECT 1 FROM job_groups WHERE tenant = ?1 LIMIT +?2)`,
  groupList: `SELECT ${GROUP_ROW} FROM job_groups WHERE tenant = ?1 AND id < ?2 AND (remove_at IS NULL OR remove_at > ?3)
    ORDER BY id DESC LIMIT +?4`,
  groupDue: `SELECT ${GROUP_ROW}, follow_ups FROM job_groups WHERE ${IS_DUE} ORDER BY number LIMIT +?1`,
  groupsOver: `SELECT number FROM job_groups WHERE remove_at IS NOT NULL AND remove_at <= ?1 ORDER BY remove_at LIMIT +?2`,
  groupDelete: 'DELETE FROM job_groups WHERE number = ?',
  memberInsert: 'INSERT INTO group_members (number, group_number, state) VALUES (?, ?, ?)',
  memberRead: 'SELECT group_number, state FROM group_members WHERE number = ?',
  memberCount: 'UPDATE group_members SET state = ?2 WHERE number = ?1',
  membersDelete: `DELETE FROM group_members WHERE number IN (
    SELECT number FROM group_members WHERE group_number = ?1 LIMIT +?2)`,
  /** The state of a job, as a group counts it. */
  countedState: `SELECT CASE WHEN f.state IN (${FINAL_STATES.map((state) => `'${state}'`).join(', ')}) THEN f.state END
    FROM jobs j LEFT JOIN finished f ON f.number = j.number WHERE j.number = ?`,
  dumpGroups: `SELECT ${GROUP_ROW}, follow_ups FROM job_groups ORDER BY number`,
  dumpMembers: `SELECT g.id, m.number, m.state FROM group_members m JOIN job_groups g ON g.number = m.group_number ORDER BY m.number`,
} satisfies Record<string, string>;
