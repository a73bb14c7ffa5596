/** What a dialect remembers of the request that made a job, kept in the job's origin. */
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Job } from '../core/job.ts';

/** Null for a job that came another way, and for an origin of another form, be it from an archive or another version. */
export function originReader<Schema extends TSchema>(
  dialect: string,
  schema: Schema,
): (job: Pick<Job, 'origin'>) => Static<Schema> | null {
  const validator = Compile(schema);
  return ({ origin }) => {
    if (origin?.dialect !== dialect) return null;
    const { data } = origin;
    return validator.Check(data) ? (data as Static<Schema>) : null;
  };
}
