/** What the player of test files tells, a line of JSON each: a test that has ended, and a note that a test has written about itself. */
export type TestEvent =
  | { readonly kind: 'test'; readonly name: string; readonly isOk: boolean; readonly ms: number }
  | { readonly kind: 'note'; readonly message: string };

/** The same, and a process of one or several test files that has begun or ended. */
export type PlayEvent = TestEvent | { readonly kind: 'process'; readonly files: string; readonly isOpen: boolean };
