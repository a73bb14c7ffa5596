/** A change of a task as its push notification tells it: each state that it comes to and what it says of its progress, then how it ended. */
import { isParked } from '../../core/signals.ts';
import { isFinal } from '../../core/state.ts';
import { ID_HEADER } from '../../core/webhooks/signature.ts';
import type { RenderDelivery, ToldEvent } from '../../engine/api.ts';
import { type JobResult, resultIn } from '../result-of.ts';
import { legacy } from './legacy-spelling.ts';
import { pushedIn, remembered } from './mapping.ts';
import { artifactsOf } from './parts.ts';
import { pushHeaders } from './push-config.ts';
import { modern, viewOf } from './spelling.ts';

type Told = Pick<ToldEvent, 'kind' | 'job'>;

/** That it waits its turn is no news to whoever sent it. */
function isTold({ kind, job }: Told): boolean {
  if (kind === 'waiting') return isParked(job);
  return kind !== 'changed' || job.state === 'running';
}

export const renderDelivery: RenderDelivery = Object.assign(
  (told: ToldEvent) => {
    const { job, at, resultText, payload, callbackData } = told;
    const { push, version } = (callbackData === undefined ? remembered(job) : pushedIn(callbackData)) ?? PLAIN;
    if (!isTold(told)) return null;
    const artifacts = isFinal(job.state) ? artifactsOf(job, resultOf(resultText), payload?.output ?? []) : null;
    const view = viewOf(job, at, artifacts);
    // The same at every try: by this a receiver knows what it has seen already.
    const id = `msg_a2a_${job.id}_${job.revision}`;
    const headers = {
      'content-type': 'application/json',
      [ID_HEADER]: id,
      ...(push === null ? {} : pushHeaders(push)),
    };
    const body = JSON.stringify((version === '0.3' ? legacy : modern).pushed(view));
    return { event: view.state, headers, body };
  },
  { showsPayload: (told: Told) => isFinal(told.job.state) },
);

const PLAIN = { push: null, version: '1.0' } as const;

function resultOf(text: string | null): JobResult {
  return text === null ? { kind: 'none' } : resultIn('application/json', Buffer.from(text));
}
