/**
 * An upload as a form: one file and a few short fields, in whatever order they come. The file is handed on while it arrives, at the pace of whoever
 * takes it.
 *
 * The parser is Fastify's own (`@fastify/busboy`). A form that is cut off, or that its taker refuses, ends at once, and leaves the request
 * itself open: the refusal has to go out on its socket.
 */
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import { BideError } from '../../../core/errors.ts';

export interface FormLimits {
  readonly fieldsMax: number;
  readonly fieldBytesMax: number;
}

/** Called once for a file of the field `file`. The form goes on when it has been read. */
export type TakeFile = (stream: Readable, name: string) => Promise<void>;

const LIMITS: FormLimits = { fieldsMax: 20, fieldBytesMax: 1_024 };
const HEADER_BYTES_MAX = 4_096;

/** The fields, when the file has been taken. INVALID_REQUEST for a form that cannot be read. */
export async function readForm(
  body: Readable,
  headers: IncomingHttpHeaders,
  takeFile: TakeFile,
): Promise<ReadonlyMap<string, string>> {
  const form = parserOf(headers);
  const fields = new Map<string, string>();
  const stop = new AbortController();
  const streams: Readable[] = [];
  const taken: Promise<void>[] = [];
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const refuse = (message: string) => reject(new BideError('INVALID_REQUEST', message));
  form.on('error', (error: unknown) => refuse(`The form cannot be read: ${String((error as Error).message)}.`));
  for (const event of ['fieldsLimit', 'partsLimit', 'filesLimit'] as const)
    form.on(event, () => refuse(`A form has one file and at most ${LIMITS.fieldsMax} fields.`));
  form.on('field', (name, value, _cutName, isCut) => {
    if (isCut) refuse(`The field ${name.slice(0, 100)} has more than ${LIMITS.fieldBytesMax} bytes.`);
    fields.set(name, value);
  });
  form.on('file', (name, stream, fileName) => {
    streams.push(stream);
    stream.on('error', () => refuse('The form was cut off before its end.'));
    if (name !== 'file') return refuse("The file must be in the field 'file'.");
    const taking = takeFile(stream, fileName ?? '');
    taken.push(taking);
    taking.catch(reject);
  });
  const finished = once(form, 'finish', { signal: stop.signal });
  finished.catch(() => {});
  try {
    const all = feed(body, form, stop.signal).then(() => finished);
    await Promise.race([failed, all]);
    await Promise.race([failed, Promise.all(taken)]);
    return fields;
  } catch (error) {
    failed.catch(() => {});
    stop.abort();
    form.destroy();
    // Whoever reads a file of it waits for more: the parser does not tell them.
    for (const stream of streams) stream.destroy(new Error('The form has ended.'));
    await Promise.allSettled(taken);
    throw error;
  }
}

function parserOf(headers: IncomingHttpHeaders): InstanceType<typeof Busboy> {
  const { fieldsMax: fields, fieldBytesMax: fieldSize } = LIMITS;
  const limits = { fields, fieldSize, files: 1, parts: fields + 1, headerPairs: 20, headerSize: HEADER_BYTES_MAX };
  try {
    return new Busboy({ headers: headers as BusboyHeaders, limits, isPartAFile: (name) => name === 'file' });
  } catch {
    throw new BideError('INVALID_REQUEST', 'The body must be multipart/form-data with a boundary.');
  }
}

/** A caller who goes away in the middle is no fault of the server. */
async function feed(body: Readable, form: InstanceType<typeof Busboy>, signal: AbortSignal): Promise<void> {
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      if (signal.aborted) return;
      if (!form.write(chunk)) await once(form, 'drain', { signal });
    }
  } catch (cause) {
    if (signal.aborted) return;
    throw new BideError('INVALID_REQUEST', 'The upload was cut off before its end.', {}, { cause });
  }
  form.end();
}
