/** What a stream of events is made of. */
import type { Engine, Snapshot } from '../../engine/api.ts';

export interface EventSource {
  readonly engine: Pick<Engine, 'wait' | 'clock' | 'limits'>;
  /** Where the stream begins. */
  readonly snapshot: Snapshot;
  /** Whether the reader has this snapshot: then the first event is the next one. */
  readonly isKnown: boolean;
  /** One event, whole. As bytes where many streams share it: they are encoded once, and kept once for all who are slow. */
  readonly eventOf: (snapshot: Snapshot) => string | Uint8Array;
}

export interface LoggedSource extends EventSource {
  readonly engine: EventSource['engine'] & Pick<Engine, 'readLogs'>;
  /** Where the reader is in the log. */
  readonly after: number;
  readonly eventWith: (snapshot: Snapshot, offset: number) => string;
}
