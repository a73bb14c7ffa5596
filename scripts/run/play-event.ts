/** What the player of test files tells, a line of JSON each: a test that has ended, and a note that a test has written about itself. */
export type PlayEvent =
  | { readonly kind: 'test'; readonly name: string; readonly isOk: boolean; readonly ms: number }
  | { readonly kind: 'note'; readonly message: string };
