/** What a check of `bide doctor` finds. */

export interface Finding {
  /** What was looked at, in a word or two. */
  readonly name: string;
  readonly isOk: boolean;
  readonly message: string;
  /** What to do; null where nothing is wrong. */
  readonly advice: string | null;
}

export function fine(name: string, message: string): Finding {
  return { name, isOk: true, message, advice: null };
}

export function problem(name: string, message: string, advice: string): Finding {
  return { name, isOk: false, message, advice };
}
