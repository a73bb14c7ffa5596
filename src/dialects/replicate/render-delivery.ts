/**
 * A change of a prediction as its webhook is told: the prediction as `GET /v1/predictions/{id}` showed it then, signed as the vendor signs, which
 * is by Standard Webhooks.
 */
import { ID_HEADER } from '../../core/webhooks/signature.ts';
import type { RenderDelivery, ToldEvent } from '../../engine/api.ts';
import { type JobResult, resultIn } from '../result-of.ts';
import { logsText, outputText, predictionText, remembered, urlsOf, WORDS } from './mapping.ts';
import type { WebhookEvent } from './wire.ts';

type Told = Pick<ToldEvent, 'kind' | 'job'>;

/** The vendor's word for a change; null for what it tells nobody. What is told as progress here is told there by what the model says. */
function wordOf({ kind, job }: Told): WebhookEvent | null {
  if (kind === 'waiting') return null;
  if (kind === 'running') return 'start';
  if (kind === 'changed') return job.state === 'running' ? 'logs' : null;
  return 'completed';
}

/** Who asked for `output` is told of progress too: what was emitted since is in it. */
function wantedWord(told: Told): WebhookEvent | null {
  const word = wordOf(told);
  const wanted = remembered(told.job)?.events ?? null;
  if (word === null || wanted === null || wanted.includes(word)) return word;
  return word === 'logs' && wanted.includes('output') ? 'output' : null;
}

export const renderDelivery: RenderDelivery = Object.assign(
  (told: ToldEvent) => {
    const event = wantedWord(told);
    if (event === null) return null;
    // The same at every try: by this a receiver knows what it has seen already.
    const id = `msg_prediction_${told.job.id}_${told.job.revision}`;
    return { event, headers: { 'content-type': 'application/json', [ID_HEADER]: id }, body: bodyOf(told) };
  },
  { showsPayload: (told: Told) => wantedWord(told) !== null },
);

function bodyOf({ kind, job, resultText, payload }: ToldEvent): string {
  const base = remembered(job)?.base ?? '';
  const parts = {
    input: payload?.input ?? 'null',
    logs: logsText(payload?.log ?? []),
    output: outputText(job, resultOf(resultText), payload?.output ?? []),
  };
  const status = WORDS[kind === 'changed' || kind === 'waiting' ? 'running' : kind];
  return predictionText(job, parts, { status, owner: 'bide', urls: urlsOf(base, job.id) });
}

function resultOf(text: string | null): JobResult {
  return text === null ? { kind: 'none' } : resultIn('application/json', Buffer.from(text));
}
