/** SQL over real tables: what Kinetica's and ToolkitAPI's examples run their statements on. */
import { sql } from 'bide';
import { dataFile } from './data.ts';

/** Data that callers of ToolkitAPI bring along comes from below this URL, such as http://127.0.0.1:9000/data/, or from nowhere. */
const broughtFrom = process.env.BIDE_EXAMPLE_DATA_URL;

export const warehouseTypes = {
  warehouse: sql({
    datasets: {
      flights: dataFile('flights-3m.parquet'),
      airports: dataFile('airports.csv'),
      weather: dataFile('seattle-weather.csv'),
    },
    ...(broughtFrom === undefined ? {} : { allowUrls: [broughtFrom], allowPrivateAddresses: true }),
  }),
};
