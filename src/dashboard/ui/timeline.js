/** The stretches of a job's life, from its submit to its end or to now. */
import { TONES } from './parts/badge.js';

/** @typedef {{ label: string, tone: string, from: number, to: number }} Stretch */

/**
 * @param {import('bide/client').JobBody} job
 * @param {readonly import('bide/client').AttemptBody[]} attempts
 * @param {number} now
 * @returns {readonly Stretch[]}
 */
export function stretchesOf(job, attempts, now) {
  const end = job.finishedAt === null ? Math.max(now, Date.parse(job.createdAt)) : Date.parse(job.finishedAt);
  /** @type {Stretch[]} */
  const stretches = [];
  let at = Date.parse(job.createdAt);
  for (const { number, startedAt, endedAt, outcome } of attempts) {
    const from = Date.parse(startedAt);
    if (from > at)
      stretches.push({ label: stretches.length === 0 ? 'queued' : 'waited', tone: '', from: at, to: from });
    at = endedAt === null ? Math.max(end, from) : Date.parse(endedAt);
    stretches.push({ label: `#${number} ${outcome}`, tone: TONES[outcome] ?? '', from, to: at });
  }
  if (end > at) stretches.push({ label: job.finishedAt === null ? job.state : 'waited', tone: '', from: at, to: end });
  return stretches;
}
