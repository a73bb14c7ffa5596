/** Finds the function of a type in what a config module exports: a plain function, or the `run` of an object. */
import type { FunctionHandler } from '../function/job-context.ts';

/** Null where the config has no such type or it is not a function. Total: the config is not checked again in a thread. */
export function functionOf(config: unknown, type: string): FunctionHandler | null {
  const types = memberOf(config, 'types');
  if (typeof types !== 'object' || types === null || !Object.hasOwn(types, type)) return null;
  const entry = memberOf(types, type);
  if (typeof entry === 'function') return entry as FunctionHandler;
  const run = memberOf(entry, 'run');
  // Called as a method, as the author of an object with a `run` expects.
  return typeof run === 'function' ? (run.bind(entry) as FunctionHandler) : null;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
