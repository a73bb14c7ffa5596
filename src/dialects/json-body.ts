/**
 * Bodies that are read late: they stay bytes until the caller is known, so that who is not let in learns nothing of what is wrong
 * with his body, and so that clients that send a content type without a body are not refused for it.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BideError } from '../core/errors.ts';
import type { Json } from '../core/job.ts';

/** Takes every content type, as bytes. `jsonBodyOf` reads them. */
export function takeRawBodies(app: FastifyInstance): void {
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

/** The body, undefined when it is empty. */
export function rawBodyOf(request: FastifyRequest): Buffer | undefined {
  return request.body instanceof Buffer && request.body.length > 0 ? request.body : undefined;
}

/** The body as JSON; undefined when it is empty. MALFORMED_JSON, or MEDIA_TYPE_UNSUPPORTED for a type that is no JSON (none at all is taken). */
export function jsonBodyOf(request: FastifyRequest): Json | undefined {
  const body = rawBodyOf(request);
  if (body === undefined) return undefined;
  const mediaType = mediaTypeOf(request);
  if (mediaType !== '' && !/[/+]json$/.test(mediaType)) {
    throw new BideError('MEDIA_TYPE_UNSUPPORTED', `The body must be application/json, not ${mediaType}.`);
  }
  return parsed(body);
}

/** Lower case, without parameters; empty when the request names none. */
export function mediaTypeOf(request: FastifyRequest): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function parsed(body: Buffer): Json {
  try {
    return JSON.parse(body.toString('utf8')) as Json;
  } catch {
    throw new BideError('MALFORMED_JSON');
  }
}
