/** How the native API says that something went wrong: problems, with the path and the id of the request. */
import type { FastifyRequest } from 'fastify';
import type { ErrorKind } from '../../core/errors.ts';
import { errorOfKind } from '../fault.ts';
import type { Voice } from '../frame.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';

export const VOICE: Voice = {
  errorBody,
  refusal: (error, request) => problemOf(error, { path: pathOf(request), requestId: request.id }),
  nothingHere: (request) =>
    `There is nothing at ${request.method} ${pathOf(request).slice(0, 200)}; /docs shows the paths.`,
  preflight: (_request, reply) => reply.code(204).send(),
  // The reference page declares both spellings of its paths by itself, some with HEAD and some without.
  leavesAlone: (path) => path.startsWith('/docs'),
};

export function errorBody(kind: ErrorKind, message: string) {
  const { status, body } = problemOf(errorOfKind(kind, message));
  return { status, body, headers: { 'content-type': `${PROBLEM_TYPE}; charset=utf-8` } };
}

function pathOf(request: FastifyRequest): string {
  return request.originalUrl.split('?', 1)[0] ?? '';
}
