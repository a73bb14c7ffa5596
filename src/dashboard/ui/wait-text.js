/** What a job waits for, and how much a limit lets run, in words. */
import { countText, spanText } from './format.js';

/** Short, for a row of a list. @param {NonNullable<import('bide/client').JobBody['waitingFor']>} waitingFor */
export function waitText(waitingFor) {
  if ('signal' in waitingFor) return `signal ${waitingFor.signal}`;
  if ('parents' in waitingFor) return 'jobs before it';
  if ('sequence' in waitingFor) return `sequence ${waitingFor.sequence}`;
  if ('type' in waitingFor) return `type ${waitingFor.reason}`;
  return `${waitingFor.reason}: ${waitingFor.limit}`;
}

/** Empty where there is no bound. @param {import('bide/client').LimitBounds} bounds */
export function boundsText({ concurrency, rate }) {
  const words = [
    ...(concurrency == null ? [] : [`${countText(concurrency)} at once`]),
    ...(rate == null ? [] : [`${countText(rate.count)} starts in ${spanText(rate.perMs)}`]),
  ];
  return words.join(', ');
}
