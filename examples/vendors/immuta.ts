/** Immuta: background jobs that look at data sources. Here a data source is a CSV file of the sample data, named by its table. */
import { readFile } from 'node:fs/promises';
import { PermanentError } from 'bide';
import { dataFile } from './data.ts';

interface Started {
  readonly endpoint: string;
  readonly params: Readonly<Record<string, string>>;
  readonly body: { readonly handler?: { readonly metadata?: { readonly table?: string } } } | null;
}

const TABLES: Readonly<Record<string, string>> = {
  airports: 'airports.csv',
  weather: 'seattle-weather.csv',
  zipcodes: 'zipcodes.csv',
};

/** Columns with the number of different values: what a look for columns of high cardinality is after. */
async function lookAtDataSource({ endpoint, params, body }: Started): Promise<object> {
  const table = body?.handler?.metadata?.table ?? 'airports';
  const name = Object.hasOwn(TABLES, table) ? TABLES[table] : undefined;
  if (name === undefined) throw new PermanentError(`there is no table ${table}`);
  const [head = '', ...lines] = (await readFile(dataFile(name), 'utf8')).trimEnd().split('\n');
  const rows = lines.map((line) => line.split(','));
  const columns = head.split(',').map((column, index) => ({
    column,
    values: new Set(rows.map((row) => row[index])).size,
  }));
  return { endpoint, dataSource: params.id ?? table, rows: rows.length, columns };
}

export const immutaTypes = { 'immuta-data-source': lookAtDataSource };

const type = 'immuta-data-source';
export const immutaOptions = {
  endpoints: {
    handler: { type },
    'handler/bulk': { type },
    triggerHighCardinalityJob: { type },
    refreshNativeViewJob: { type },
    'dataSource/bulk': { type },
    'v2/data': { type },
    'v2/data/delete': { type },
  },
};
