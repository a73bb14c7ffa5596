/** What an export or import has done so far: one line that redraws itself on a terminal, and words for the end. */
import type { Terminal } from './terminal.ts';

/** Between two redraws: as fast as eyes follow. */
const DRAW_MS = 100;

const NOUNS = {
  job: ['job', 'jobs'],
  key: ['key', 'keys'],
  document: ['document', 'documents'],
  limit: ['limit', 'limits'],
  delivery: ['delivery', 'deliveries'],
  event: ['event', 'events'],
  tombstone: ['tombstone', 'tombstones'],
} as const;

export type TransferCounts = Readonly<Record<keyof typeof NOUNS, number>>;

/** `12 jobs, 1 key`; `nothing` where there is none of anything. */
export function countsText(counts: TransferCounts): string {
  const parts = (Object.keys(NOUNS) as (keyof typeof NOUNS)[]).flatMap((kind) => {
    const count = counts[kind];
    return count === 0 ? [] : [`${count.toLocaleString('en')} ${NOUNS[kind][count === 1 ? 0 : 1]}`];
  });
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

export interface TransferDisplay {
  show(counts: TransferCounts): void;
  /** Takes the line away. */
  end(): void;
}

/** @param verb `exported`, `imported` */
export function transferDisplay(terminal: Terminal, verb: string): TransferDisplay {
  let drawnAt = Number.NEGATIVE_INFINITY;
  return {
    show(counts) {
      const now = performance.now();
      if (!terminal.isLive || now - drawnAt < DRAW_MS) return;
      drawnAt = now;
      terminal.draw(`\r\x1b[K${verb} ${countsText(counts)} …`);
    },
    end() {
      if (terminal.isLive) terminal.draw('\r\x1b[K');
    },
  };
}
