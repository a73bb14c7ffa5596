/** Where the demo's data lies: real public data, in the package `vega-datasets` that comes with the development dependencies. */
import { fileURLToPath } from 'node:url';

const FOLDER = new URL('../data/', import.meta.resolve('vega-datasets'));

function fileOf(name: string): string {
  return fileURLToPath(new URL(name, FOLDER));
}

/** Three million flights within the USA. */
export const FLIGHTS = fileOf('flights-3m.parquet');
export const AIRPORTS = fileOf('airports.csv');
export const ZIP_CODES = fileOf('zipcodes.csv');
export const WEATHER = fileOf('seattle-weather.csv');
export const MOVIES = fileOf('movies.json');
