/** The kind of a plain function. Where it runs is for the process to say: in threads under the server, inline in a library. */
import type { HandlerKind } from '../handler-kind.ts';
import { isFunction, must } from '../option-rules.ts';

export const FUNCTION: HandlerKind = {
  name: 'function',
  options: { run: must('be a function', isFunction) },
  handler: (_, environment) => environment.functionHandler(),
};
