/**
 * Bodies of calls that take none. `{}` is nothing said, as many clients send it; a field is a mistake of the caller, such as a reason of a cancel
 * that nobody would ever read, and is refused as an unknown field is elsewhere.
 */
import type { FastifyInstance, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { Type } from 'typebox';
import { compileCheck } from '../schema-check.ts';
import { maybeBodyOf } from './openapi/optional-bodies.ts';
import { invalid } from './problem.ts';

/** Call before the routes are declared: only those that come later are seen. */
export function refuseStrayBodies(app: FastifyInstance): void {
  const check = compileCheck(Type.Object({}, { additionalProperties: false }));
  const refuse = ({ body }: FastifyRequest, _reply: unknown, done: HookHandlerDoneFunction) => {
    const issues = body == null ? null : check(body);
    if (issues === null) done();
    else done(invalid(issues));
  };
  app.addHook('onRoute', (route) => {
    // A GET has none, and its HEAD is declared from it.
    if (route.method === 'GET' || route.method === 'HEAD') return;
    if (route.schema?.body !== undefined || maybeBodyOf(route.config) !== undefined) return;
    route.preValidation = [route.preValidation ?? [], refuse].flat();
  });
}
