/** Batches: made of a file, listed, read, cancelled. */
import type { FastifyInstance } from 'fastify';
import { BideError } from '../../../core/errors.ts';
import type { Json } from '../../../core/job.ts';
import type { FileBatchView } from '../../../engine/api.ts';
import { jsonBodyOf } from '../../json-body.ts';
import { compileCheck } from '../../schema-check.ts';
import { type Answer, type Call, type Context, ok, param } from '../call.ts';
import { invalidParam } from '../errors.ts';
import { noFile, retainMsOf } from '../files/mapping.ts';
import { PURPOSE } from '../files/wire.ts';
import { listAnswer, pageOf } from '../list-page.ts';
import type { Models } from '../models.ts';
import { BATCH_IDS, FILE_IDS } from '../named-ids.ts';
import { DIALECT } from '../responses/mapping.ts';
import type { Route } from '../route.ts';
import { lineWords } from './line-words.ts';
import { batchBody, type Kept } from './mapping.ts';
import { BatchRequest, ENDPOINTS, type Endpoint } from './wire.ts';

const PAGE = { limit: 20, limitMax: 100 };

export function declareBatches(app: FastifyInstance, context: Context, models: Models, route: Route): void {
  context.engine.fileBatches.speak(DIALECT, lineWords(context, models));
  app.post(
    '/v1/batches',
    route('submit', (call) => createBatch(call, jsonBodyOf(call))),
  );
  app.get('/v1/batches', route('read', listBatches));
  app.get(
    '/v1/batches/:id',
    route('read', (call) => answered(call, (tenant, id) => lookAt(call, tenant, id))),
  );
  app.post(
    '/v1/batches/:id/cancel',
    route('submit', (call) => cancelBatch(call)),
  );
}

const check = compileCheck(BatchRequest);

function requestOf(body: Json | undefined): BatchRequest {
  if (body === undefined) throw new BideError('INVALID_REQUEST', 'The body is missing: send a JSON object.');
  const [issue] = check(body) ?? [];
  if (issue === undefined) return body as unknown as BatchRequest;
  const name = issue.path.slice(1).replaceAll('/', '.');
  if (name === '') throw new BideError('INVALID_REQUEST', `The body ${issue.message}.`);
  if (issue.message === 'is missing')
    throw invalidParam(name, `Missing required parameter: '${name}'.`, 'missing_required_parameter');
  throw invalidParam(name, `Invalid value for '${name}': it ${issue.message}.`);
}

async function createBatch(call: Call, body: Json | undefined): Promise<Answer> {
  const { engine } = call.context;
  const { tenant } = call.principal;
  const request = requestOf(body);
  const { endpoint, completion_window: window, metadata = null, output_expires_after: expires } = request;
  const windowMs = windowMsOf(window, engine.limits.timeoutMsMax);
  const kept: Kept = { endpoint: requireEndpoint(endpoint), window, metadata };
  const retainMs = expires == null ? undefined : retainMsOf('output_expires_after', expires.anchor, expires.seconds);
  const file = await inputFile(call, request.input_file_id);
  const draft = { tenant, dialect: DIALECT, options: kept as unknown as Json, file, windowMs, retainMs };
  return ok(JSON.stringify(batchBody(await engine.fileBatches.create(draft))));
}

function requireEndpoint(endpoint: string): Endpoint {
  const known = ENDPOINTS.find((one) => one === endpoint);
  if (known !== undefined) return known;
  throw invalidParam('endpoint', `Invalid value for 'endpoint': it must be ${ENDPOINTS.join(' or ')}.`);
}

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The vendor has `24h` alone; here any number of minutes, hours or days is taken. */
function windowMsOf(window: string, msMax: number): number {
  const [, count, unit = ''] = /^(\d{1,5})([mhd])$/.exec(window) ?? [];
  const ms = Number(count ?? 0) * (UNITS_MS[unit] ?? 0);
  if (ms > 0 && ms <= msMax) return ms;
  const message = `Invalid value for 'completion_window': it must be a time such as 24h or 30m, up to ${Math.floor(msMax / 3_600_000)}h.`;
  throw invalidParam('completion_window', message);
}

async function inputFile({ context, principal }: Call, text: string): Promise<string> {
  const id = FILE_IDS.read(text);
  const file = id === null ? null : await context.engine.files.read(principal.tenant, id);
  if (file === null) throw noFile(text, 'input_file_id');
  if (file.purpose === PURPOSE) return file.id;
  const message = `The file ${text} is for ${file.purpose}: the input of a batch is a file that was sent with the purpose ${PURPOSE}.`;
  throw invalidParam('input_file_id', message, 'invalid_purpose');
}

/** A batch of somebody else, one that is gone and one that never was are one answer. */
async function answered(
  call: Call,
  look: (tenant: string, id: string) => Promise<FileBatchView | null>,
): Promise<Answer> {
  const text = param(call, 'id');
  const id = BATCH_IDS.read(text);
  const view = id === null ? null : await look(call.principal.tenant, id);
  if (view === null || view.dialect !== DIALECT) {
    throw new BideError('FILE_BATCH_NOT_FOUND', `No batch found with id '${text.slice(0, 100)}'.`, { param: 'id' });
  }
  return ok(JSON.stringify(batchBody(view)));
}

/** Counted as a look at a job is: it costs the store as much. */
async function lookAt({ context, principal }: Call, tenant: string, id: string): Promise<FileBatchView | null> {
  const view = await context.engine.fileBatches.read(tenant, id);
  if (view !== null && view.phase !== 'over') context.holds.look(principal, { state: 'running' });
  return view;
}

function cancelBatch(call: Call): Promise<Answer> {
  const { fileBatches } = call.context.engine;
  const { keyId, keyName } = call.principal;
  return answered(call, async (tenant, id) => {
    try {
      return await fileBatches.cancel(tenant, id, { keyId, keyName });
    } catch (error) {
      if (!(error instanceof BideError && error.code === 'FILE_BATCH_OVER')) throw error;
      const view = await fileBatches.read(tenant, id);
      throw new BideError('FILE_BATCH_OVER', `Cannot cancel a batch with status '${view?.state ?? 'completed'}'.`);
    }
  });
}

async function listBatches(call: Call): Promise<Answer> {
  const { limit, after } = pageOf(call, BATCH_IDS, PAGE);
  const { tenant } = call.principal;
  const request = { tenant, dialect: DIALECT, limit: limit + 1, ...(after === null ? {} : { after }) };
  const found = await call.context.engine.fileBatches.list(request);
  return listAnswer(found.map(batchBody), limit);
}
