/** Files: sent, listed, read, removed. */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Engine, StoredFile } from '../../../engine/api.ts';
import { createShares } from '../../../http/shares.ts';
import { encodingError } from '../../json-body.ts';
import { type Answer, type Call, type Context, ok, param } from '../call.ts';
import { invalidParam } from '../errors.ts';
import { listAnswer, pageOf } from '../list-page.ts';
import { FILE_IDS } from '../named-ids.ts';
import type { Route } from '../route.ts';
import { fileBody, noFile } from './mapping.ts';
import { takeUpload } from './upload.ts';
import { FILES_PER_PAGE } from './wire.ts';

export function declareFiles(app: FastifyInstance, { engine }: Context, route: Route): void {
  const { uploadsPerTenantMax, uploadsMax } = engine.limits;
  const underway = createShares({ each: uploadsPerTenantMax, all: uploadsMax });
  app.register(async (forms) => {
    // Files stay a stream: the parser hands on the request itself.
    forms.removeAllContentTypeParsers();
    forms.addContentTypeParser('*', (request, payload, done) => done(encodingError(request), payload));
    forms.post(
      '/v1/files',
      route('submit', async (call) => ok(JSON.stringify(fileBody(await takeUpload(call, underway))))),
    );
  });
  app.get('/v1/files', route('read', listFiles));
  app.get(
    '/v1/files/:id',
    route('read', async (call) => ok(JSON.stringify(fileBody(await fileOf(call))))),
  );
  app.get('/v1/files/:id/content', route('read', sendContent));
  app.delete('/v1/files/:id', route('submit', removeFile));
}

async function fileOf({ context, principal, request }: Call): Promise<StoredFile> {
  const text = param({ request }, 'id');
  const id = FILE_IDS.read(text);
  const file = id === null ? null : await context.engine.files.read(principal.tenant, id);
  if (file === null) throw noFile(text);
  return file;
}

async function removeFile({ context, principal, request }: Call): Promise<Answer> {
  const text = param({ request }, 'id');
  const id = FILE_IDS.read(text);
  if (id === null || !(await context.engine.files.remove(principal.tenant, id))) throw noFile(text);
  return ok(JSON.stringify({ id: text, object: 'file', deleted: true }));
}

/** Part by part, at the pace of its reader. A file that is removed meanwhile breaks off: the length says that it is not the whole. */
async function sendContent(call: Call): Promise<FastifyReply> {
  const file = await fileOf(call);
  const { files } = call.context.engine;
  async function* bytes() {
    for await (const { text } of files.texts(file)) yield Buffer.from(text);
  }
  return call.reply
    .type('application/octet-stream')
    .header('content-length', file.bytes)
    .send(Readable.from(bytes(), { objectMode: false }));
}

async function listFiles(call: Call): Promise<Answer> {
  const { context, principal, request } = call;
  const { order = 'desc', purpose } = request.query as Readonly<Record<string, unknown>>;
  if (order !== 'desc' && order !== 'asc')
    throw invalidParam('order', "Invalid value for 'order': it must be asc or desc.");
  const { limit, after } = pageOf(call, FILE_IDS, { limit: FILES_PER_PAGE, limitMax: FILES_PER_PAGE });
  const isWanted = (file: StoredFile) => purpose === undefined || file.purpose === purpose;
  const { files } = context.engine;
  const found = (order === 'desc' ? newest : oldest)(
    files,
    { tenant: principal.tenant, after, limit: limit + 1 },
    isWanted,
  );
  return listAnswer((await found).map(fileBody), limit);
}

interface Wanted {
  readonly tenant: string;
  readonly after: string | null;
  readonly limit: number;
}

type Files = Engine['files'];

const PAGE = 500;

async function newest(
  files: Files,
  { tenant, after, limit }: Wanted,
  isWanted: (file: StoredFile) => boolean,
): Promise<readonly StoredFile[]> {
  const found: StoredFile[] = [];
  for (let last = after; found.length < limit; ) {
    const page = await files.list({ tenant, limit: PAGE, ...(last === null ? {} : { after: last }) });
    found.push(...page.filter(isWanted));
    last = page.at(-1)?.id ?? null;
    if (page.length < PAGE) break;
  }
  return found.slice(0, limit);
}

/** The other way round, of all: there are `filesPerTenantMax`, and few ask for them like this. */
async function oldest(
  files: Files,
  { tenant, after, limit }: Wanted,
  isWanted: (file: StoredFile) => boolean,
): Promise<readonly StoredFile[]> {
  const all = await newest(files, { tenant, after: null, limit: Number.POSITIVE_INFINITY }, isWanted);
  // Ids grow with the time.
  return all
    .toReversed()
    .filter(({ id }) => after === null || id > after)
    .slice(0, limit);
}
