/** SQL over real tables: what Kinetica's and ToolkitAPI's examples run their statements on. */
import { sql } from 'bide';
import { dataFile } from './data.ts';

export const warehouseTypes = {
  warehouse: sql({
    datasets: {
      flights: dataFile('flights-3m.parquet'),
      airports: dataFile('airports.csv'),
      weather: dataFile('seattle-weather.csv'),
    },
    // Callers of ToolkitAPI bring data from programs on this machine, whatever their port, and from nowhere else.
    allowUrls: ['http://127.0.0.1:*/', 'http://localhost:*/'],
    allowPrivateAddresses: true,
  }),
};
