/** Every kind of handler there is. */
import { COMMAND } from './command/manifest.ts';
import { FUNCTION } from './function/manifest.ts';
import type { HandlerKind } from './handler-kind.ts';
import { HTTP } from './http/manifest.ts';
import { REMOTE } from './remote/manifest.ts';
import { SQL } from './sql/manifest.ts';

/** By the `kind` of an entry. */
export const HANDLER_KINDS: readonly HandlerKind[] = [COMMAND, HTTP, SQL, REMOTE];

/** Of an entry that says no kind: a function, bare or as `run`. */
export const UNNAMED_KIND: HandlerKind = FUNCTION;
