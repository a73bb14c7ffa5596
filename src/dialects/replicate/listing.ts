/** Pages: of predictions, newest first, and of what the config has, which fits on one. */
import { BideError } from '../../core/errors.ts';
import { workingState } from '../../core/signals.ts';
import type { Snapshot } from '../../engine/api.ts';
import { type Answer, type Call, ok } from './call.ts';
import { predictionText, urlsOf, WORDS } from './mapping.ts';
import { payloadOf } from './payload.ts';
import { PAGE_SIZE } from './wire.ts';

/** A page ends with the prediction that fills it: a hundred inputs and outputs of megabytes would be one answer otherwise. */
const PAGE_BYTES = 4 * 1_024 * 1_024;
/** Read at once: their texts are in memory together. */
const AT_ONCE = 10;

interface ListQuery {
  readonly cursor?: string;
  readonly created_after?: string;
  readonly created_before?: string;
}

export async function listPredictions(call: Call): Promise<Answer> {
  const { context, principal, request } = call;
  const { engine, auth } = context;
  const { tenant } = principal;
  const query = request.query as ListQuery;
  const page = await engine.list({
    tenant,
    limit: PAGE_SIZE,
    ...(await afterOf(call, query.cursor)),
    ...timeOf('createdFrom', 'created_after', query),
    ...timeOf('createdBefore', 'created_before', query),
  });
  const { texts, last } = await pageTexts(call, page.snapshots);
  const isCut = last !== null && last.job.id !== page.snapshots.at(-1)?.job.id;
  const nextNumber = isCut ? last.job.number : (page.next?.number ?? null);
  const next = nextNumber === null ? null : nextUrl(call, query, await auth.numbers.seal(tenant, nextNumber));
  return ok(`{"previous":null,"next":${JSON.stringify(next)},"results":[${texts.join(',')}]}`);
}

async function pageTexts(call: Call, snapshots: readonly Snapshot[]) {
  const texts: string[] = [];
  let bytes = 0;
  for (let at = 0; at < snapshots.length; at += AT_ONCE) {
    const made = await Promise.all(snapshots.slice(at, at + AT_ONCE).map((one) => listedText(call, one)));
    for (const text of made) {
      texts.push(text);
      bytes += Buffer.byteLength(text);
      if (bytes >= PAGE_BYTES) return { texts, last: snapshots[texts.length - 1] ?? null };
    }
  }
  return { texts, last: snapshots.at(-1) ?? null };
}

/** Without the log, and without a stream, as the vendor lists them. */
async function listedText({ context, request }: Call, snapshot: Snapshot): Promise<string> {
  const { engine, options } = context;
  const { job } = snapshot;
  const payload = await payloadOf(engine, snapshot, { hasLogs: false });
  const status = WORDS[workingState(job, engine.clock.now())];
  return predictionText(job, payload, {
    status,
    owner: options.owner,
    urls: urlsOf(context.publicUrl(request), job.id),
  });
}

function nextUrl({ context, request }: Call, query: ListQuery, cursor: string): string {
  const { created_after: after, created_before: before } = query;
  const parameters = new URLSearchParams({
    ...(after === undefined ? {} : { created_after: after }),
    ...(before === undefined ? {} : { created_before: before }),
    cursor,
  });
  return `${context.publicUrl(request)}/v1/predictions?${parameters.toString()}`;
}

async function afterOf({ context, principal }: Call, cursor: string | undefined): Promise<{ readonly after?: number }> {
  if (cursor === undefined) return {};
  const after = typeof cursor === 'string' ? await context.auth.numbers.open(principal.tenant, cursor) : null;
  if (after === null) throw new BideError('INVALID_CURSOR');
  return { after };
}

const TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

function timeOf(field: 'createdFrom' | 'createdBefore', name: 'created_after' | 'created_before', query: ListQuery) {
  const given = query[name];
  if (given === undefined) return {};
  const ms = typeof given === 'string' && TIME.test(given) ? Date.parse(given) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new BideError('INVALID_REQUEST', `${name} must be a point in time, such as 2030-01-31T12:00:00Z.`);
  }
  return { [field]: ms };
}
