/**
 * The end of a response as the vendor's webhooks tell it: that it ended, and its id. Signed as the vendor signs, which is by Standard
 * Webhooks, so that `webhooks.unwrap` of its clients takes it.
 */

import { isFinal } from '../../../core/state.ts';
import { ID_HEADER } from '../../../core/webhooks/signature.ts';
import type { RenderDelivery, ToldEvent } from '../../../engine/api.ts';
import { resultIn } from '../../result-of.ts';
import { answerOf } from './answer.ts';
import { responseId } from './ids.ts';
import { responseBody, WORDS } from './mapping.ts';

export const renderDelivery: RenderDelivery = Object.assign(
  (told: ToldEvent) => {
    const { kind, job, at } = told;
    if (kind === 'changed' || !isFinal(kind)) return null;
    const event = `response.${statusOf(told)}`;
    // The same at every try: by this a receiver knows what it has seen already.
    const id = `${job.id.replaceAll('-', '')}${job.revision.toString(16)}`;
    const body = {
      id: `evt_${id}`,
      object: 'event',
      created_at: Math.floor(at / 1_000),
      type: event,
      data: { id: responseId(job.id) },
    };
    return {
      event,
      headers: { 'content-type': 'application/json', [ID_HEADER]: `wh_${id}` },
      body: JSON.stringify(body),
    };
  },
  {
    isForWebhooks: true as const,
    // A result may say of itself that it is not whole.
    showsResult: ({ kind }: Pick<ToldEvent, 'kind'>) => kind === 'succeeded',
  },
);

function statusOf({ kind, job, resultText }: ToldEvent): string {
  if (kind !== 'succeeded') return WORDS[kind === 'changed' || kind === 'waiting' ? 'running' : kind];
  if (resultText === null) return WORDS.succeeded;
  const answer = answerOf(job, resultIn('application/json', Buffer.from(resultText)), '');
  return responseBody(job, WORDS.succeeded, answer).status;
}
