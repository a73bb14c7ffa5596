/**
 * Sides take turns: round by round, each once, so that whatever else the machine does meets all of them alike. A side that fails is told of in
 * the report and rests from then on; the others go on.
 */
import type { Metrics, Row } from '../report/result.ts';

export interface Turn {
  readonly side: string;
  measure(round: number): Promise<Metrics>;
}

export interface Turns {
  readonly rounds: number;
  /** By `performance.now()`: no round but the first begins later. */
  readonly untilMs: number;
  /** Called after each sample, with what to tell of it. */
  note(text: string): void;
}

export async function inTurns(turns: readonly Turn[], { rounds, untilMs, note }: Turns): Promise<readonly Row[]> {
  const samples = turns.map((): Metrics[] => []);
  const failures = new Map<number, string>();
  for (let round = 0; round < rounds && (round === 0 || performance.now() < untilMs); round += 1) {
    for (const [at, turn] of turns.entries()) {
      if (failures.has(at)) continue;
      try {
        const sample = await turn.measure(round);
        samples[at]?.push(sample);
        note(`round ${round + 1}, ${turn.side}: ${told(sample)}`);
      } catch (error) {
        failures.set(at, error instanceof Error ? error.message : String(error));
        note(`round ${round + 1}, ${turn.side} failed: ${failures.get(at)}`);
      }
    }
  }
  return turns.map(({ side }, at) => {
    const failure = failures.get(at);
    return { side, samples: samples[at] ?? [], ...(failure === undefined ? {} : { failure }) };
  });
}

function told(sample: Metrics): string {
  return Object.entries(sample)
    .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
    .join(', ');
}
