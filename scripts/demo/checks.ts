/** Whether what came back is right: each answer against one that was worked out another way. */
import type { Json } from '../../src/core/job.ts';
import { busiestAirports, greatestDistanceKm, meanDramaRating, wettestMonth, zipCodesPerState } from './answers.ts';

/** The answer in a few words, and what it should have been where it is wrong. */
export interface Verdict {
  readonly answer: string;
  /** Null where the answer is right. */
  readonly wrong: string | null;
}

export type Check = (result: Json) => Verdict | Promise<Verdict>;

/** Two roads to the same distance differ by less than a metre. */
const KILOMETRES_APART_MAX = 0.001;

export const checkFlights: Check = async (result) => {
  const { rows } = result as { rows: [string, number, number][] };
  const expected = (await busiestAirports()).map(({ origin, flights, delay }) => [origin, flights, delay]);
  const [[origin, flights] = ['', 0]] = rows;
  return verdict(`${origin} has most of 3,000,000 flights: ${flights}`, rows, expected);
};

export const checkZipCodes: Check = (result) => {
  const counts = result as Record<string, number>;
  return verdict(
    `${Object.keys(counts).length} states, Texas has ${counts.TX} zip codes`,
    sorted(counts),
    sorted(zipCodesPerState()),
  );
};

export const checkMonths: Check = (result) => {
  const [wettest] = result as { month: string; millimetres: number }[];
  return verdict(`${wettest?.month} was wettest: ${wettest?.millimetres} mm`, wettest, wettestMonth());
};

export const checkAirports: Check = (result) => {
  const { from, to, kilometres } = result as { from: string; to: string; kilometres: number };
  const expected = greatestDistanceKm();
  const isRight = Math.abs(kilometres - expected) < KILOMETRES_APART_MAX;
  const answer = `${from} and ${to} are ${Math.round(kilometres)} km apart`;
  return { answer, wrong: isRight ? null : `expected ${expected} km` };
};

export const checkRatings: Check = (result) => {
  const { Drama: mean } = result as { Drama: number };
  return verdict(`dramas are rated ${mean}`, mean, meanDramaRating());
};

export function verdict(answer: string, actual: unknown, expected: unknown): Verdict {
  const isRight = JSON.stringify(actual) === JSON.stringify(expected);
  return { answer, wrong: isRight ? null : `expected ${JSON.stringify(expected)}` };
}

function sorted(counts: Readonly<Record<string, number>>): readonly (readonly [string, number])[] {
  return Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
}
