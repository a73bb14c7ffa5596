/** Failures of an attempt: what stands in `error` of a job. */
import type { ErrorDefinition } from './definition.ts';

export const ATTEMPT_ERRORS = {
  HANDLER_FAILED: { kind: 'internal', title: 'The handler threw an error.', advice: 'See `message` and `details`.' },
  RESULT_NOT_JSON: {
    kind: 'internal',
    title: 'The handler returned something that JSON cannot carry.',
    advice: 'Return JSON, or bytes with a content type.',
  },
  ATTEMPT_TIMED_OUT: {
    kind: 'internal',
    title: 'The attempt took longer than its timeout.',
    advice: 'Raise timeoutMs, or make the work shorter.',
  },
  DEADLINE_PASSED: {
    kind: 'internal',
    title: 'The job was not done by its deadline.',
    advice: 'Raise deadlineMs, or give the type more slots.',
  },
  PARENT_FAILED: {
    kind: 'internal',
    title: 'A job that this one comes after did not succeed.',
    advice: 'See `details.parent`. Retry that job first, then this one; or submit with afterPolicy "final".',
  },
  WORKER_LOST: {
    kind: 'internal',
    title: 'The worker let its lease run out.',
    advice: 'See the log of the worker: it crashed, was stopped, or lost its connection.',
  },
  COMMAND_FAILED: {
    kind: 'internal',
    title: 'The program ended with an error.',
    advice: 'See `details` for the exit code and the end of stderr.',
  },
  COMMAND_NOT_STARTED: {
    kind: 'internal',
    title: 'The program could not be started.',
    advice: 'Check that it exists and may be executed by the user that runs Bide.',
  },
  UPSTREAM_FAILED: {
    kind: 'internal',
    title: 'The upstream answered with an error.',
    advice: 'See `details` for its status and the beginning of its body.',
  },
  UPSTREAM_UNREACHABLE: {
    kind: 'internal',
    title: 'The upstream could not be reached.',
    advice: 'Check its address and that it is up.',
  },
  UPSTREAM_REFUSED: {
    kind: 'internal',
    title: 'The upstream address is private and not allowed.',
    advice: 'Set allowPrivateAddresses on the type when that is meant.',
  },
  SQL_FAILED: { kind: 'internal', title: 'The query failed.', advice: 'See `message`.' },
  SQL_REFUSED: {
    kind: 'internal',
    title: 'The query does something that is not allowed here.',
    advice: 'Send one SELECT over the data sets that the config names.',
  },
  SQL_TOO_MANY_ROWS: {
    kind: 'internal',
    title: 'The query returns more rows than the limit.',
    advice: 'Aggregate, or add LIMIT.',
  },
  UPLOAD_DAMAGED: {
    kind: 'internal',
    title: 'The uploaded file is missing, or not what was uploaded.',
    advice: 'Upload it again, and see what happened to the disk or the folder of uploads.',
  },
} satisfies Record<string, ErrorDefinition>;
