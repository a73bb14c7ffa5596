/** What a job waits for, and how much a limit lets run, in words. */
import { countText, spanText } from './format.js';

/** In a row of a list. @param {NonNullable<import('bide/client').JobBody['waitingFor']>} waitingFor */
export function waitText(waitingFor) {
  if ('signal' in waitingFor) return `waits for the signal ${waitingFor.signal}`;
  if ('parents' in waitingFor) return 'waits for the jobs that it comes after';
  if ('sequence' in waitingFor) return `waits for jobs before it in ${waitingFor.sequence}`;
  return `waits: the key ${waitingFor.limit} is ${waitingFor.reason}`;
}

/** Empty where there is no bound. @param {import('bide/client').LimitBounds} bounds */
export function boundsText({ concurrency, rate }) {
  const words = [
    ...(concurrency == null ? [] : [`${countText(concurrency)} at once`]),
    ...(rate == null ? [] : [`${countText(rate.count)} starts in ${spanText(rate.perMs)}`]),
  ];
  return words.join(', ');
}
