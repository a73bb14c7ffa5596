/** From a request for a prediction to the job that makes it. */
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import type { Snapshot } from '../../engine/api.ts';
import { compileCheck } from '../schema-check.ts';
import { submitOne } from '../submit-one.ts';
import type { Call } from './call.ts';
import { DIALECT, type Remembered } from './mapping.ts';
import type { Model } from './models.ts';
import { CANCEL_AFTER_SECONDS_MIN, PredictionRequest, WAIT_SECONDS_MAX } from './wire.ts';

const check = compileCheck(PredictionRequest);

/** The body, or INPUT_INVALID that names what is wrong with it. */
export function requestOf(body: Json | undefined): PredictionRequest {
  if (body === undefined) throw new BideError('INVALID_REQUEST', 'The body is missing: send a JSON object.');
  const issues = check(body);
  if (issues === null) return body as unknown as PredictionRequest;
  throw new BideError(
    'INPUT_INVALID',
    issues.map(({ path, message }) => `- ${callersName(path) || 'body'}: ${message}`).join('\n'),
  );
}

export interface Wanted {
  readonly model: Model;
  /** The version as the client named it; null where it named a model. */
  readonly version: string | null;
}

export function startPrediction(call: Call, request: PredictionRequest, { model, version }: Wanted): Promise<Snapshot> {
  const { context, principal } = call;
  const { webhook, webhook_events_filter: events } = request;
  const memory: Remembered = {
    model: `${model.owner}/${model.name}`,
    version,
    events: events ?? null,
    base: context.publicUrl(call.request),
  };
  return submitOne(
    context.engine,
    {
      tenant: principal.tenant,
      type: model.type,
      input: request.input as Json,
      deadlineMs: cancelAfterMs(call),
      callback: typeof webhook === 'string' ? { url: webhook } : null,
      origin: { dialect: DIALECT, data: { ...memory } },
    },
    (path) => `- ${INPUT_PATHS.has(path.split('/')[1] ?? '') ? callersName(path) : `input${dotted(path)}`}`,
  );
}

/** Fields of the submit that a client can get wrong; all other paths are within its input. */
const INPUT_PATHS = new Set(['callback', 'deadlineMs', 'input']);

/** The vendor's name of what stands at a path of the request. */
export function callersName(path: string): string {
  if (path.startsWith('/callback')) return 'webhook';
  if (path === '/deadlineMs') return 'Cancel-After';
  return dotted(path).slice(1);
}

function dotted(path: string): string {
  return path.replaceAll('/', '.');
}

/** `Prefer: wait` or `wait=n`, in ms; null for a client that does not wait. What is no number of seconds is ignored, as RFC 7240 has it. */
export function waitMsOf(prefer: string | readonly string[] | undefined): number | null {
  for (const part of [prefer ?? []].flat().join(',').split(',').slice(0, 20)) {
    const found = /^wait(?:=(\d{1,9}))?$/i.exec(part.trim());
    if (found === null) continue;
    const wanted = Number(found[1] ?? WAIT_SECONDS_MAX);
    return wanted === 0 ? null : Math.min(wanted, WAIT_SECONDS_MAX) * 1_000;
  }
  return null;
}

const DURATION = /^(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s?)?$/;

/** `Cancel-After: 90`, `90s`, `1m30s` or `1h`, in ms. */
function cancelAfterMs({ request }: Call): number | null {
  const header = request.headers['cancel-after'];
  if (header === undefined) return null;
  const [, hours = 0, minutes = 0, seconds = 0] = DURATION.exec(String(header).trim().toLowerCase()) ?? [];
  const total = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
  if (total >= CANCEL_AFTER_SECONDS_MIN) return total * 1_000;
  const message = `Cancel-After must be a duration of at least ${CANCEL_AFTER_SECONDS_MIN} seconds, such as 90s, 5m or 1h30m.`;
  throw new BideError('INVALID_REQUEST', message);
}
