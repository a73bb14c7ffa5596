/** A handler may be an async generator: what it yields is emitted, and what it returns is the result. Here and in remote workers. */

/**
 * The result of a handler's call. A problem with a chunk is thrown at its `yield`, as `emit` would. Between two chunks the generator is ended where the attempt
 * is, its `finally` blocks run, and the promise rejects.
 */
export async function runThrough(
  called: unknown,
  { emit, isStopped }: { readonly emit: (chunk: unknown) => void; readonly isStopped: () => boolean },
): Promise<unknown> {
  const value = await called;
  if (!isAsyncGenerator(value)) return value;
  let step = await value.next();
  while (step.done !== true) {
    if (isStopped()) {
      await value.return(undefined);
      throw new DOMException('The attempt was stopped.', 'AbortError');
    }
    step = await next(value, step.value, emit);
  }
  return step.value;
}

function next(generator: AsyncGenerator, chunk: unknown, emit: (chunk: unknown) => void) {
  try {
    emit(chunk);
  } catch (error) {
    return generator.throw(error);
  }
  return generator.next();
}

/** No other thing that can be iterated: streams and the like have no `throw`. */
function isAsyncGenerator(value: unknown): value is AsyncGenerator {
  if (typeof value !== 'object' || value === null) return false;
  const { next, throw: raise, return: end } = value as Partial<AsyncGenerator>;
  return Symbol.asyncIterator in value && [next, raise, end].every((one) => typeof one === 'function');
}
