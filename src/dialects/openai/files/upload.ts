/** A file on its way in: checked to be text, and kept under the bounds of its tenant. One that is refused leaves nothing. */
import { Readable } from 'node:stream';
import { BideError } from '../../../core/errors.ts';
import type { FileWriter, StoredFile } from '../../../engine/api.ts';
import type { Shares } from '../../../http/shares.ts';
import type { Call } from '../call.ts';
import { invalidParam } from '../errors.ts';
import { readForm } from './form.ts';
import { retainMsOf } from './mapping.ts';
import { PURPOSE } from './wire.ts';

const NAME_LENGTH_MAX = 255;
/** Of a refused upload at least so much is read. */
const LINGER_BYTES = 64 * 1_024 * 1_024;

export async function takeUpload(call: Call, underway: Shares): Promise<StoredFile> {
  const { context, principal, request } = call;
  const body = request.body instanceof Readable ? request.body : Readable.from([]);
  const isTaken = underway.take(principal.tenant, 1);
  try {
    if (!isTaken) throw tooManyUploads(call);
    requireShort(call);
    const writer = await context.engine.files.open(principal.tenant);
    return await taken(call, body, writer).catch(async (error: unknown) => {
      await writer.drop();
      throw error;
    });
  } catch (error) {
    if (!body.readableEnded) void readOut(body, Math.max(context.engine.limits.fileBytesMax, LINGER_BYTES));
    throw error;
  } finally {
    if (isTaken) underway.giveBack(principal.tenant, 1);
  }
}

/**
 * What is left of a refused upload is read and let go, beside the answer, as far as it is no more than one that is taken: clients that are still sending
 * when the connection is closed take that for the answer.
 */
async function readOut(body: Readable, bytesMax: number): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      bytes += (chunk as Buffer).length;
      if (bytes > bytesMax) break;
    }
  } catch {
    // Gone: there is nothing more of it.
  }
  if (!body.readableEnded) body.destroy();
}

async function taken({ request }: Call, body: Readable, writer: FileWriter): Promise<StoredFile> {
  let name: string | null = null;
  const fields = await readForm(body, request.headers, async (stream, fileName) => {
    name = fileName;
    await copy(stream, writer);
  });
  const purpose = fields.get('purpose');
  if (name === null) throw invalidParam('file', "Missing required parameter: 'file'.", 'missing_required_parameter');
  if (purpose === undefined)
    throw invalidParam('purpose', "Missing required parameter: 'purpose'.", 'missing_required_parameter');
  if (purpose !== PURPOSE) {
    const message = `Invalid value for 'purpose': files are kept here for batches alone, so it must be ${PURPOSE}.`;
    throw invalidParam('purpose', message);
  }
  if (writer.bytes === 0)
    throw invalidParam('file', 'The file is empty: it needs a request on each line.', 'empty_file');
  return writer.end({ name: (name as string).slice(0, NAME_LENGTH_MAX) || 'file', purpose, ...expiryOf(fields) });
}

function expiryOf(fields: ReadonlyMap<string, string>): { readonly retainMs?: number } {
  const anchor = fields.get('expires_after[anchor]');
  const count = fields.get('expires_after[seconds]');
  return anchor === undefined && count === undefined ? {} : { retainMs: retainMsOf('expires_after', anchor, count) };
}

/** Whole characters at a time, so that the parts of the file are texts. A mark of the byte order stays. */
async function copy(stream: Readable, writer: FileWriter): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const decoded = (chunk?: Uint8Array) => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch {
      throw invalidParam('file', 'The file is no UTF-8 text: a batch is a file of JSON lines.', 'invalid_file');
    }
  };
  for await (const chunk of stream as AsyncIterable<Uint8Array>) await writer.write(decoded(chunk));
  await writer.write(decoded());
}

/** Said before any of it is read, where the caller says how much it will be. */
function requireShort({ context, request }: Call): void {
  const { fileBytesMax: value } = context.engine.limits;
  if (Number(request.headers['content-length'] ?? 0) <= value + FORM_BYTES) return;
  throw new BideError('FILE_TOO_LARGE', `A file may have at most ${value} bytes (fileBytesMax).`, { param: 'file' });
}

/** What a form has beside its file. */
const FORM_BYTES = 65_536;

function tooManyUploads({ context }: Call): BideError {
  const { uploadsMax, uploadsPerTenantMax } = context.engine.limits;
  const detail = `The server takes ${uploadsPerTenantMax} uploads of one tenant at once (uploadsPerTenantMax), and ${uploadsMax} of all (uploadsMax): send this one when another has ended.`;
  return new BideError('TOO_MANY_UPLOADS', detail);
}
