/**
 * A witness inside the database, independent of Bide: a trigger notes every job that becomes final, so that a second outcome shows
 * even where it looks like the first. What it and the tables say at the end is compared with what the callers know.
 */
import { queryOnce } from '../postgres/server.ts';
import type { JobSeen, Ledger } from './ledger.ts';
import { keyOf, pause } from './postgres-callers.ts';

export interface Verdict {
  readonly submitted: number;
  readonly finished: number;
  readonly lost: number;
  readonly doubled: number;
  readonly stuck: number;
  readonly wrong: readonly string[];
  /** Attempts beyond the first of each job: work that the fault cost. */
  readonly repeated: number;
}

/** Once per database, after the tables are there. */
export async function appointWitness(database: string): Promise<void> {
  await queryOnce(database, 'CREATE TABLE public.outcomes (id uuid NOT NULL)');
  await queryOnce(
    database,
    `CREATE FUNCTION public.note_outcome() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO public.outcomes SELECT id FROM bide.jobs WHERE number = NEW.number; RETURN NULL; END $$`,
  );
  await queryOnce(
    database,
    `CREATE TRIGGER note_outcome AFTER INSERT OR UPDATE ON bide.finished FOR EACH ROW
      EXECUTE FUNCTION public.note_outcome()`,
  );
}

/** Waits until no job is open, at most `settleMs`, and compares. */
export async function verdictOn(
  database: string,
  ledger: Ledger,
  numbers: readonly number[],
  settleMs: number,
): Promise<Verdict> {
  const keys = numbers.map(keyOf);
  const stuck = await openAfter(database, settleMs);
  const jobs = await jobsOf(database, keys);
  for (const job of jobs) ledger.see(job);
  const { lost, doubled, wrong } = ledger.audit(jobs);
  const twice = await queryOnce(
    database,
    `SELECT id FROM public.outcomes JOIN bide.jobs USING (id) WHERE idempotency_key = ANY ($1) GROUP BY id HAVING count(*) > 1`,
    [keys],
  );
  return {
    ...{ submitted: ledger.submitted, lost, doubled: doubled + twice.length, stuck, wrong },
    finished: jobs.filter(({ finishedAt }) => finishedAt !== null).length,
    repeated: jobs.reduce((sum, { attempt }) => sum + Math.max(0, attempt - 1), 0),
  };
}

/** Open jobs of anybody when the time is over: earlier faults have left none. */
async function openAfter(database: string, ms: number): Promise<number> {
  const deadline = performance.now() + ms;
  for (;;) {
    const [row] = await queryOnce(
      database,
      `SELECT (SELECT count(*) FROM bide.waiting)::int + (SELECT count(*) FROM bide.running)::int AS open`,
    );
    const open = Number(row?.open);
    if (open === 0 || performance.now() > deadline) return open;
    await pause();
  }
}

async function jobsOf(database: string, keys: readonly string[]): Promise<readonly JobSeen[]> {
  const rows = await queryOnce(
    database,
    `SELECT id, coalesce(f.state, CASE WHEN r.number IS NULL THEN 'waiting' ELSE 'running' END) AS state, f.finished_at,
        coalesce(w.attempt, r.attempt, f.attempt) AS attempt, idempotency_key,
        coalesce(w.error, r.error, f.error)::json ->> 'code' AS code, convert_from(f.result, 'UTF8') AS result
      FROM bide.jobs j LEFT JOIN bide.waiting w USING (number) LEFT JOIN bide.running r USING (number)
      LEFT JOIN bide.finished f USING (number) WHERE idempotency_key = ANY ($1)`,
    [keys],
  );
  return rows.map((row) => ({
    ...{ id: String(row.id), state: String(row.state), attempt: Number(row.attempt) },
    finishedAt: row.finished_at === null ? null : new Date(Number(row.finished_at)).toISOString(),
    result: row.result === null ? null : JSON.parse(String(row.result)),
    error: row.code === null ? null : { code: String(row.code) },
    tags: { order: String(row.idempotency_key).slice('order-'.length) },
  }));
}
