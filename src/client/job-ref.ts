/** Which job is meant: its id, or anything that has it, such as the job itself. */

export type JobRef = string | { readonly id: string };

export function idOf(job: JobRef): string {
  return typeof job === 'string' ? job : job.id;
}
