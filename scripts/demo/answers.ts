/**
 * The answers of the demo, worked out another way than the jobs do: nothing here uses SQL, awk, or the code of a handler.
 *
 * The flights are read column by column and added up in JavaScript; distances are measured by straight lines through the globe.
 */
import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { AIRPORTS, FLIGHTS, MOVIES, WEATHER, ZIP_CODES } from '../../examples/demo/data.ts';

const EARTH_RADIUS_KM = 6371;

export interface DelayedAirport {
  readonly origin: string;
  readonly flights: number;
  readonly delay: number;
}

/** The three airports with most flights, and the sum of their delays in minutes. */
export async function busiestAirports(): Promise<readonly DelayedAirport[]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const stream = await connection.stream(`SELECT origin, delay FROM '${FLIGHTS.replaceAll("'", "''")}'`);
  const totals = new Map<string, { flights: number; delay: number }>();
  for await (const rows of stream.yieldRows()) {
    for (const [origin, delay] of rows) {
      const total = totals.get(String(origin)) ?? { flights: 0, delay: 0 };
      totals.set(String(origin), { flights: total.flights + 1, delay: total.delay + Number(delay) });
    }
  }
  connection.closeSync();
  instance.closeSync();
  return [...totals]
    .map(([origin, total]) => ({ origin, ...total }))
    .sort((a, b) => b.flights - a.flights)
    .slice(0, 3);
}

/** The greatest distance between two airports, by the angle between their unit vectors. */
export function greatestDistanceKm(): number {
  const vectors = linesOf(AIRPORTS).map((fields) => {
    const [latitude = 0, longitude = 0] = fields.slice(-2).map((text) => (Number(text) * Math.PI) / 180);
    return [
      Math.cos(latitude) * Math.cos(longitude),
      Math.cos(latitude) * Math.sin(longitude),
      Math.sin(latitude),
    ] as const;
  });
  let least = 1;
  for (const [index, [x, y, z]] of vectors.entries()) {
    for (let other = index + 1; other < vectors.length; other += 1) {
      const [x2 = 0, y2 = 0, z2 = 0] = vectors[other] ?? [];
      least = Math.min(least, x * x2 + y * y2 + z * z2);
    }
  }
  return Math.acos(least) * EARTH_RADIUS_KM;
}

export function zipCodesPerState(): Readonly<Record<string, number>> {
  const states = linesOf(ZIP_CODES).map((fields) => fields[4] ?? '');
  return Object.fromEntries(
    Object.entries(Object.groupBy(states, (state) => state)).map(([state, all = []]) => [state, all.length]),
  );
}

/** The wettest month and its millimetres. */
export function wettestMonth(): { readonly month: string; readonly millimetres: number } {
  const days = Object.groupBy(linesOf(WEATHER), ([date = '']) => date.slice(0, 7));
  const months = Object.entries(days).map(([month, lines = []]) => ({
    month,
    millimetres: lines.reduce((sum, [, millimetres]) => sum + Math.round(Number(millimetres) * 10), 0) / 10,
  }));
  return months.reduce((wettest, month) => (month.millimetres > wettest.millimetres ? month : wettest));
}

/** The mean rating of dramas, to the cent. */
export function meanDramaRating(): number {
  const movies = JSON.parse(readFileSync(MOVIES, 'utf8')) as Record<string, unknown>[];
  const ratings = movies
    .filter((movie) => movie['Major Genre'] === 'Drama')
    .map((movie) => movie['IMDB Rating'])
    .filter((rating) => typeof rating === 'number');
  return Math.round((ratings.reduce((sum, rating) => sum + rating, 0) / ratings.length) * 100) / 100;
}

/** Fields of each line but the first; none of these files has a comma within a field that is used. */
function linesOf(file: string): readonly (readonly string[])[] {
  const [, ...lines] = readFileSync(file, 'utf8').trimEnd().split(/\r?\n/);
  return lines.map((line) => line.split(','));
}
