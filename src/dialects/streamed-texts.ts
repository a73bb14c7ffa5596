/**
 * Texts that are sent as they are made, at the pace of their reader: nothing but the one text that they have not taken yet is kept for them.
 */
import { Readable } from 'node:stream';

export interface EventStream {
  /** The bytes, for one reader. Never errors because of the store. */
  readonly readable: Readable;
  /** Resolves when all was taken, or nobody will take it. */
  readonly closed: Promise<void>;
  /** Ends it early: with a comment where the reader keeps up, by a cut where they are behind and might never take one. */
  end(): void;
}

/** @param textsFor what is sent, made as it is taken; it ends soon after its signal fires. */
export function streamOf(
  textsFor: (signal: AbortSignal) => AsyncGenerator<string | Uint8Array, void, undefined>,
): EventStream {
  const stop = new AbortController();
  const texts = textsFor(stop.signal);
  let isAsked = false;
  const readable = new Readable({
    highWaterMark: 0,
    read() {
      isAsked = true;
      texts.next().then(
        ({ done, value }) => {
          isAsked = false;
          if (!readable.destroyed) readable.push(done ? null : value);
        },
        (error: Error) => readable.destroy(error),
      );
    },
    destroy(error, done) {
      stop.abort();
      done(error);
    },
  });
  return {
    readable,
    closed: new Promise((resolve) => readable.once('close', resolve)),
    end() {
      stop.abort();
      if (!isAsked) readable.destroy();
    },
  };
}
