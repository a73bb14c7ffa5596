/** What is not to be had on this machine right now: descriptors, processes, memory. It says nothing about the job. */
import type { AttemptOutcome } from '../engine/api.ts';

const SCARCE = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM', 'ENOBUFS', 'ERR_WORKER_INIT_FAILED']);

export function isScarce(code: string | null | undefined): code is string {
  return code != null && SCARCE.has(code);
}

const WORDS: Readonly<Record<string, string>> = {
  EMFILE: 'this process has no file descriptors left (ulimit -n)',
  ENFILE: 'this machine has no file descriptors left',
  EAGAIN: 'this user may have no more processes or threads (ulimit -u)',
  ENOMEM: 'this machine has no memory left',
};

/** The attempt is given back: see `AttemptOutcome`. */
export function notStarted(what: string, code: string): AttemptOutcome {
  return { kind: 'notStarted', reason: `${what} could not be started: ${WORDS[code] ?? code}.` };
}
