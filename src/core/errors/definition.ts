/** What an error is made of. Faces translate kinds, never texts. */
export const ERROR_KINDS = [
  ...(['invalid', 'unauthorized', 'forbidden', 'not_found', 'gone', 'method', 'conflict', 'unprocessable'] as const),
  ...([
    'too_large',
    'headers_too_large',
    'too_slow',
    'media_type',
    'quota',
    'busy',
    'unavailable',
    'internal',
  ] as const),
] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

export interface ErrorDefinition {
  readonly kind: ErrorKind;
  /** One short sentence: what is wrong. */
  readonly title: string;
  /** What the reader can do about it. */
  readonly advice: string;
}
