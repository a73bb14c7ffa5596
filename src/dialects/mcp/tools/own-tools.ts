/** The tools that follow jobs, for clients that know no tasks: what they are. How they are done is `follow-jobs.ts`. */

/** Longest hold of one call: clients give a request up after a minute. */
export const HOLD_SECONDS_MAX = 50;

const jobId = { type: 'string', description: 'The id that the call which started the job answered with.' };

function idAlone(extra: object = {}) {
  return { type: 'object', properties: { job_id: jobId, ...extra }, required: ['job_id'], additionalProperties: false };
}

const waitSeconds = {
  type: 'number',
  minimum: 0,
  maximum: HOLD_SECONDS_MAX,
  description: `Longest wait, ${HOLD_SECONDS_MAX} unless told. A job that takes longer is waited for by calling again.`,
};

export const OWN_TOOLS = [
  {
    name: 'wait_for_job',
    description:
      'Waits until a job is done and returns its result. Use it when a call answered with a job_id instead of a result. It costs nothing to wait: prefer it to asking again and again.',
    inputSchema: idAlone({ wait_seconds: waitSeconds }),
    annotations: { readOnlyHint: true, openWorldHint: false },
    execution: { taskSupport: 'forbidden' },
  },
  {
    name: 'get_job',
    description: 'Says at once how far a job has come, with its result where it is done.',
    inputSchema: idAlone(),
    annotations: { readOnlyHint: true, openWorldHint: false },
    execution: { taskSupport: 'forbidden' },
  },
  {
    name: 'cancel_job',
    description: 'Cancels a job that is not needed any more. A job that is done stays as it is.',
    inputSchema: idAlone(),
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    execution: { taskSupport: 'forbidden' },
  },
] as const;

export type OwnToolName = (typeof OWN_TOOLS)[number]['name'];

export function isOwnTool(name: string): name is OwnToolName {
  return OWN_TOOLS.some((tool) => tool.name === name);
}
