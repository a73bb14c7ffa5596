/** Options that nobody knows: in plain JavaScript `list({ state })` would list everything without a word, `wait(id, { timeout })` never end. */

/** Throws a TypeError that names the option of `call` that is not among `known`, and those that are. */
export function requireKnown<Options extends object>(
  call: string,
  options: Options,
  known: readonly (keyof Options & string)[],
): void {
  const unknown = Object.keys(options).find((name) => !(known as readonly string[]).includes(name));
  if (unknown === undefined) return;
  throw new TypeError(`${call} has no option ${JSON.stringify(unknown)}; it has ${known.join(', ')}.`);
}
