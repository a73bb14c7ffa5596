/** What a stream of events is made of. */
import type { Engine, Snapshot, Stream } from '../../engine/api.ts';

export interface EventSource {
  readonly engine: Pick<Engine, 'wait' | 'clock' | 'limits'>;
  /** Where the stream begins. */
  readonly snapshot: Snapshot;
  /** Whether the reader has this snapshot: then the first event is the next one. */
  readonly isKnown: boolean;
  /** One event, whole. As bytes where many streams share it: they are encoded once, and kept once for all who are slow. */
  readonly eventOf: (snapshot: Snapshot) => string | Uint8Array;
}

/** Offsets of the streams that somebody reads. */
export type Places = Readonly<Partial<Record<Stream, number>>>;

export interface LoggedSource extends EventSource {
  readonly engine: EventSource['engine'] & Pick<Engine, 'readLogs'>;
  /** What the reader wants beside the job, and where they are in it. */
  readonly after: Places;
  readonly eventWith: (snapshot: Snapshot, places: Places) => string;
}
