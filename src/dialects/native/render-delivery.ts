/**
 * A change of a job as the body of a webhook, by Standard Webhooks: `{type, timestamp, data}`, where `data` is the job as `GET /v1/jobs/{id}`
 * showed it at that revision. The input is never part of it.
 */
import { shownState } from '../../core/state.ts';
import { eventWordOf } from '../../core/webhooks/event-words.ts';
import { ID_HEADER } from '../../core/webhooks/signature.ts';
import type { RenderedEvent, ToldEvent } from '../../engine/api.ts';
import { jobBody } from './mapping.ts';
import { isoTime } from './status.ts';

export function renderDelivery({ kind, at, job, resultText }: ToldEvent): RenderedEvent {
  const event = eventWordOf(kind);
  // The same for all who are told of it, at every try: by this a receiver knows what it has seen already.
  const id = `msg_${job.id}_${job.revision}`;
  const data = jobBody('', { job, resultText }, shownState(job, at));
  return {
    event,
    headers: { 'content-type': 'application/json', [ID_HEADER]: id },
    body: `{"type":"${event}","timestamp":"${isoTime(at)}","data":${data}}`,
  };
}
