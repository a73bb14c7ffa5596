/** How whoever answers a caller learns that they went away. Seen by all as part of `api.ts`. */

/** Tells that a caller went away: an AbortSignal, or less, since there is one for each held request. */
export interface CallerSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: CallerListener, options?: { readonly once: boolean }): void;
  removeEventListener(type: 'abort', listener: CallerListener): void;
}

export type CallerListener = (() => void) | { handleEvent(): void };
