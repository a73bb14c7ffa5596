/**
 * A handler that computes: the two airports that lie farthest apart, of all pairs (about 5.7 million).
 *
 * It shows what a function handler gets: its input, a progress report that callers can watch, and an AbortSignal that it looks at
 * between rows of the work. It runs in a worker thread, so the server answers while it counts.
 */
import { readFileSync } from 'node:fs';

export interface Airport {
  readonly iata: string;
  readonly latitude: number;
  readonly longitude: number;
}

export interface FarthestPair {
  readonly from: string;
  readonly to: string;
  readonly kilometres: number;
}

interface Context {
  readonly signal: AbortSignal;
  progress(percent: number, message?: string): void;
}

const EARTH_RADIUS_KM = 6371;
/** Turns of the outer loop between two looks at the signal: some 3 ms of work each. */
const ROWS_PER_TURN = 50;

export async function farthestAirports(input: { file: string }, ctx: Context): Promise<FarthestPair> {
  const airports = readAirports(input.file);
  let best: FarthestPair = { from: '', to: '', kilometres: -1 };
  for (let row = 0; row < airports.length; row += 1) {
    best = farthestFrom(airports, row, best);
    if (row % ROWS_PER_TURN !== 0) continue;
    ctx.signal.throwIfAborted();
    ctx.progress((row / airports.length) * 100, `${row} of ${airports.length} airports`);
    await new Promise(setImmediate);
  }
  return best;
}

export function readAirports(file: string): readonly Airport[] {
  const [, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.flatMap((line) => {
    const fields = line.split(',');
    const [latitude, longitude] = fields.slice(-2).map(Number);
    const iata = fields[0];
    return iata === undefined || latitude === undefined || longitude === undefined
      ? []
      : [{ iata, latitude, longitude }];
  });
}

function farthestFrom(airports: readonly Airport[], row: number, best: FarthestPair): FarthestPair {
  const from = airports[row];
  if (from === undefined) return best;
  let found = best;
  for (const to of airports.slice(row + 1)) {
    const kilometres = haversineKm(from, to);
    if (kilometres > found.kilometres) found = { from: from.iata, to: to.iata, kilometres };
  }
  return found;
}

function haversineKm(a: Airport, b: Airport): number {
  const phi = radians(b.latitude - a.latitude);
  const lambda = radians(b.longitude - a.longitude);
  const h =
    Math.sin(phi / 2) ** 2 + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * Math.sin(lambda / 2) ** 2;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(h));
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
